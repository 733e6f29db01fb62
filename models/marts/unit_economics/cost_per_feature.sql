-- grain: one row per feature and month
select
    id as feature_id,
    month,
    conversation_count,
    other_count as customer_count,
    request_count,
    retry_count,
    unpriced_request_count,
    cost_usd,
    list_cost_usd,
    cost_per_conversation_usd,
    cost_per_request_usd,
    priced_share,
    invoiced_share,
    least(priced_share, coalesce(invoiced_share, 0)) as cost_confidence
from {{ ref('int_costs_by_member') }}
where dimension = 'feature'
