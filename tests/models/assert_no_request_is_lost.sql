-- Every landed row is a request or a duplicate of one: an input cannot count more than it landed, and every call that
-- landed is there.
with landed as (

    select sum(row_count) as row_count
    from {{ ref('stg_landing__files') }}
    where table_name like '%__requests' and change <> 'gone'

),

counted as (

    select
        sum(landed_count) as landed_count,
        sum(counted_count) as counted_count,
        min(duplicate_count) as least_duplicate_count
    from {{ ref('input_balance') }}

),

requests as (

    select count(*) as request_count from {{ ref('fct_requests') }}

)

select
    landed.row_count,
    counted.counted_count,
    requests.request_count,
    counted.least_duplicate_count
from landed
cross join counted
cross join requests
where
    coalesce(landed.row_count, 0) <> coalesce(counted.landed_count, 0)
    or coalesce(counted.counted_count, 0) <> requests.request_count
    or coalesce(counted.least_duplicate_count, 0) < 0
