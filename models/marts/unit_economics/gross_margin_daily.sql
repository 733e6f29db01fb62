-- grain: one row per customer, feature and UTC day with revenue or cost
select
    coalesce(revenue.customer_id, costs.customer_id) as customer_id,
    coalesce(revenue.feature_id, costs.feature_id) as feature_id,
    coalesce(revenue.usage_date, costs.usage_date) as usage_date,
    cast(coalesce(revenue.revenue_usd, 0) as decimal(38, 12)) as revenue_usd,
    cast(coalesce(costs.cost_usd, 0) as decimal(38, 12)) as cogs_usd,
    cast(coalesce(revenue.revenue_usd, 0) - coalesce(costs.cost_usd, 0) as decimal(38, 12)) as gross_profit_usd,
    cast(coalesce(costs.request_count, 0) as bigint) as request_count,
    cast(coalesce(costs.unpriced_request_count, 0) as bigint) as unpriced_request_count,
    1 - {{ ratio('costs.unpriced_request_count', 'costs.request_count') }} as priced_share
from {{ ref('int_revenue_allocated') }} as revenue
full join {{ ref('int_costs_daily') }} as costs
    on
        revenue.customer_id = costs.customer_id
        and revenue.feature_id = costs.feature_id
        and revenue.usage_date = costs.usage_date
