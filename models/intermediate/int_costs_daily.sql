-- grain: one row per UTC day, customer and feature whose production cost something
select
    usage_date,
    cast(date_trunc('month', usage_date) as date) as month,
    customer_id,
    feature_id,
    sum(request_count) as request_count,
    sum(unpriced_request_count) as unpriced_request_count,
    cast(sum(cost_usd) as decimal(38, 12)) as cost_usd
from {{ ref('fct_usage_hourly') }}
where workload = 'production'
group by 1, 2, 3, 4
