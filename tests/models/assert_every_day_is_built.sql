-- INV11: what is built day by day is what building everything would be: every day, also those that this build left
-- alone, holds in each relation that grows by days the calls that are stored of it.
with stored as (

    select
        usage_date,
        count(*) as request_count
    from {{ ref('int_requests_costed') }}
    group by 1

),

hourly as (

    select
        usage_date,
        sum(request_count) as request_count
    from {{ ref('fct_usage_hourly') }}
    group by 1

),

rated as (

    select
        usage_date,
        sum(request_count) as request_count
    from {{ ref('int_usage_rated_daily') }}
    group by 1

)

select
    coalesce(stored.usage_date, hourly.usage_date, rated.usage_date) as usage_date,
    stored.request_count as stored_count,
    hourly.request_count as hourly_count,
    rated.request_count as rated_count
from stored
full join hourly on stored.usage_date = hourly.usage_date
full join rated on stored.usage_date = rated.usage_date
where
    stored.request_count is distinct from hourly.request_count
    or stored.request_count is distinct from rated.request_count
