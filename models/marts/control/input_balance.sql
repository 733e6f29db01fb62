-- grain: one row per input file and raw table of requests
-- Landed = counted + duplicates + merged, for every file: a row that is not counted stands in another row's place.
with landed as (

    select
        input_id,
        table_name,
        sum(row_count) as landed_count
    from {{ ref('stg_landing__files') }}
    where table_name like '%__requests' and change <> 'gone'
    group by 1, 2

),

counted as (

    select
        input_id,
        concat(source_id, '__requests') as table_name,
        sum(request_count) as counted_count
    from {{ ref('int_requests_per_input') }}
    group by 1, 2

),

absorbed as (

    select
        input_id,
        concat(source_id, '__requests') as table_name,
        sum(case when source_id = kept_source_id then 1 else 0 end) as duplicate_count,
        sum(case when source_id <> kept_source_id then 1 else 0 end) as merged_count
    from {{ ref('int_requests_absorbed') }}
    group by 1, 2

),

named as (

    select
        input_id,
        table_name,
        min(path) as path
    from {{ ref('stg_landing__inputs') }}
    group by 1, 2

)

select
    landed.input_id,
    landed.table_name,
    named.path,
    cast(landed.landed_count as bigint) as landed_count,
    cast(coalesce(counted.counted_count, 0) as bigint) as counted_count,
    cast(coalesce(absorbed.duplicate_count, 0) as bigint) as duplicate_count,
    cast(coalesce(absorbed.merged_count, 0) as bigint) as merged_count
from landed
left join counted
    on landed.input_id = counted.input_id and landed.table_name = counted.table_name
left join absorbed
    on landed.input_id = absorbed.input_id and landed.table_name = absorbed.table_name
left join named
    on landed.input_id = named.input_id and landed.table_name = named.table_name
