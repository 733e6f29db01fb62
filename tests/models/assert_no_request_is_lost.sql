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

told as (

    -- which lines of an input there are: their number, and the sum of their hashes
    select
        source_id,
        input_id,
        count(*) as row_count,
        sum(cast({{ hashed(['record_number']) }} as decimal(38, 0))) as line_sum
    from {{ ref('int_requests_unioned') }}
    group by 1, 2

),

kept as (

    select
        source_id,
        input_id,
        record_number
    from {{ ref('fct_requests') }}
    where usage_date in (select usage_date from {{ ref('int_read_dates') }})
    union all
    select
        source_id,
        input_id,
        record_number
    from {{ ref('int_requests_absorbed') }}
    where usage_date in (select usage_date from {{ ref('int_read_dates') }})

),

made as (

    select
        source_id,
        input_id,
        count(*) as row_count,
        sum(cast({{ hashed(['record_number']) }} as decimal(38, 0))) as line_sum
    from kept
    group by 1, 2

),

lost as (

    select
        coalesce(told.source_id, made.source_id) as source_id,
        coalesce(told.input_id, made.input_id) as input_id
    from told
    full join made on told.source_id = made.source_id and told.input_id = made.input_id
    where told.row_count is distinct from made.row_count or told.line_sum is distinct from made.line_sum

),

orphaned as (

    select
        absorbed.source_id,
        absorbed.request_id
    from {{ ref('int_requests_absorbed') }} as absorbed
    left join {{ ref('fct_requests') }} as requests
        on
            absorbed.kept_source_id = requests.source_id
            and absorbed.kept_request_id = requests.request_id
            and absorbed.kept_usage_date = requests.usage_date
    where requests.request_id is null

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
cross join (select count(*) as request_count from {{ ref('fct_requests') }}) as requests
where coalesce(counted.counted_count, 0) <> requests.request_count
