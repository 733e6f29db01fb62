-- grain: one row per feature and month
select
    id as feature_id,
    month,
    conversation_count,
    other_count as customer_count,
    request_count,
    retry_count,
    unpriced_request_count,
    cast(cost_usd as decimal(38, 12)) as cost_usd,
    cast(list_cost_usd as decimal(38, 12)) as list_cost_usd,
    cast(shared_cost_usd as decimal(38, 12)) as shared_cost_usd,
    cast(coalesce(cost_usd, 0) + shared_cost_usd as decimal(38, 12)) as fully_loaded_cost_usd,
    cost_per_conversation_usd,
    {{ unit_cost('shared_cost_usd', 'conversation_count') }} as shared_cost_per_conversation_usd,
    cost_per_request_usd,
    priced_share,
    invoiced_share,
    least(priced_share, coalesce(invoiced_share, 0)) as cost_confidence
from {{ ref('int_costs_loaded') }}
where dimension = 'feature'
