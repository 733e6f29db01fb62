-- grain: one row per customer, feature and UTC day with revenue or cost
select
    margins.customer_id,
    margins.feature_id,
    margins.usage_date,
    coalesce(plans.plan_id, '(unattributed)') as plan_id,
    coalesce(plans.segment_id, '(none)') as segment_id,
    margins.revenue_split_by,
    margins.revenue_usd,
    margins.cogs_usd,
    margins.shared_cost_usd,
    cast(margins.revenue_usd - margins.cogs_usd as decimal(38, 12)) as gross_profit_usd,
    margins.request_count,
    margins.unpriced_request_count,
    1 - {{ ratio('margins.unpriced_request_count', 'margins.request_count') }} as priced_share
from {{ ref('int_margin_daily') }} as margins
left join {{ ref('dim_customer_plans') }} as plans
    on
        margins.customer_id = plans.customer_id
        and margins.usage_date >= plans.valid_from_date
        and margins.usage_date < plans.valid_to_date
