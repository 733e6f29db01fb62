-- grain: one row per revenue line and day of its service
select
    revenue_line_id,
    source_id,
    customer_id,
    plan_id,
    coalesce(feature_id, '(unattributed)') as feature_id,
    currency,
    usage_date,
    cast(revenue_usd as decimal(38, 12)) as revenue_usd,
    exchange_rate,
    exchange_rate_date,
    exchange_rate_source
from {{ ref('int_revenue_recognised') }}
