-- grain: one row per revenue line and day of its service
-- Recognised straight-line over the days of the service period, to the last digit.
with service_days as (

    select
        revenue.revenue_line_id,
        revenue.source_id,
        revenue.customer_id,
        coalesce(revenue.plan_id, '(unattributed)') as plan_id,
        revenue.feature_id,
        revenue.currency,
        revenue.amount_usd,
        revenue.exchange_rate,
        revenue.exchange_rate_date,
        revenue.exchange_rate_source,
        dates.usage_date,
        1 as day_weight
    from {{ ref('int_revenue_converted') }} as revenue
    inner join {{ ref('dim_dates') }} as dates
        on
            revenue.service_start_date <= dates.usage_date
            and revenue.service_end_date > dates.usage_date
    where revenue.counted_by is null

)

select
    revenue_line_id,
    source_id,
    customer_id,
    plan_id,
    feature_id,
    currency,
    usage_date,
    part as revenue_usd,
    exchange_rate,
    exchange_rate_date,
    exchange_rate_source
from {{ split_exactly('service_days', 'amount_usd', 'day_weight', 'revenue_line_id', 'usage_date') }} as recognised
