-- Every landed row reaches the union, and every call that landed is a request: looked up by its key, not inferred from
-- a difference of counts. (What an earlier build made of days that this one leaves alone, it checked.)
with landed as (

    select sum(files.row_count) as row_count
    from {{ ref('stg_landing__files') }} as files
    inner join {{ ref('int_touched_dates') }} as touched on files.usage_date = touched.usage_date
    where files.table_name like '%__requests' and files.change <> 'gone'

),

unioned as (

    select count(*) as row_count from {{ ref('int_requests_unioned') }}

),

lost as (

    select distinct
        landed_requests.source_id,
        landed_requests.request_id
    from {{ ref('int_requests_unioned') }} as landed_requests
    left join {{ ref('fct_requests') }} as requests
        on
            landed_requests.source_id = requests.source_id
            and landed_requests.request_id = requests.request_id
    where requests.request_id is null

),

counted as (

    select
        sum(counted_count) as counted_count,
        min(duplicate_count) as least_duplicate_count
    from {{ ref('input_balance') }}

)

select 'a landed row did not reach the union' as problem
from landed
cross join unioned
where coalesce(landed.row_count, 0) <> unioned.row_count
union all
select concat('a call is lost: ', source_id, ' ', request_id) as problem
from lost
union all
select 'an input counts more than it landed' as problem
from counted
where least_duplicate_count < 0
union all
select 'requests without an input' as problem
from counted
cross join (select count(*) as request_count from {{ ref('fct_requests') }}) as requests
where coalesce(counted.counted_count, 0) <> requests.request_count
