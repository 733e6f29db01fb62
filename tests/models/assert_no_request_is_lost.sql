-- Every landed row reaches the union; each is a request, or a part of one that is there: the same lines of each input,
-- not only as many. (What an earlier build made of days that this one leaves alone, it checked.)
with landed as (

    select sum(files.row_count) as row_count
    from {{ ref('stg_landing__files') }} as files
    inner join {{ ref('int_read_dates') }} as dates on files.usage_date = dates.usage_date
    where files.table_name like '%__requests' and files.change <> 'gone'

),

unioned as (

    select count(*) as row_count from {{ ref('int_requests_unioned') }}

),

logged_and_made as (

    select
        source_id,
        input_id,
        record_number,
        1 as balance
    from {{ ref('int_requests_unioned') }}
    union all
    select
        source_id,
        input_id,
        record_number,
        -1 as balance
    from {{ ref('int_requests_costed') }}
    where usage_date in (select usage_date from {{ ref('int_read_dates') }})
    union all
    select
        source_id,
        input_id,
        record_number,
        -1 as balance
    from {{ ref('int_requests_absorbed') }}
    where usage_date in (select usage_date from {{ ref('int_read_dates') }})

),

lost as (

    -- the lines of an input, by their number and the sum of their hashes
    select
        source_id,
        input_id
    from logged_and_made
    group by 1, 2
    having sum(balance) <> 0 or sum(balance * cast({{ hashed(['record_number']) }} as decimal(30, 0))) <> 0

),

orphaned as (

    select
        absorbed.source_id,
        absorbed.request_id
    from {{ ref('int_requests_absorbed') }} as absorbed
    left join (
        select * from {{ ref('int_requests_costed') }}
        where usage_date in (select usage_date from {{ ref('int_read_dates') }})
    ) as requests
        on
            absorbed.kept_source_id = requests.source_id
            and absorbed.kept_request_id = requests.request_id
            and absorbed.kept_usage_date = requests.usage_date
    where
        requests.request_id is null
        and (
            absorbed.usage_date in (select usage_date from {{ ref('int_touched_dates') }})
            or absorbed.kept_usage_date in (select usage_date from {{ ref('int_touched_dates') }})
        )

),

counted as (

    select
        sum(counted_count) as counted_count,
        sum(abs(landed_count - counted_count - duplicate_count - merged_count)) as unexplained_count
    from {{ ref('input_balance') }}

)

select 'a landed row did not reach the union' as problem
from landed
cross join unioned
where coalesce(landed.row_count, 0) <> unioned.row_count
union all
select concat('rows are neither a request nor a part of one, or both: ', source_id, ' ', input_id) as problem
from lost
union all
select concat('a row is a part of a call that is not there: ', source_id, ' ', request_id) as problem
from orphaned
union all
select 'the rows of an input are not its requests, duplicates and merged ones' as problem
from counted
where unexplained_count <> 0
union all
select 'requests without an input' as problem
from counted
cross join (select count(*) as request_count from {{ ref('int_requests_costed') }}) as requests
where coalesce(counted.counted_count, 0) <> requests.request_count
