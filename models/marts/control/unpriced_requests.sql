-- grain: one row per provider, model, reason and month with calls whose cost is not known
select
    provider_id,
    model_id,
    price_status,
    cast(date_trunc('month', usage_date) as date) as month,
    cast(sum(request_count) as bigint) as request_count,
    cast(sum(total_tokens) as bigint) as total_tokens,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from {{ ref('int_unpriced_daily') }}
group by 1, 2, 3, 4
