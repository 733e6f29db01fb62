-- grain: one row per rerate, day, provider, model, feature and customer
select
    rerate_id,
    usage_date,
    provider_id,
    model_id,
    feature_id,
    customer_id,
    request_count,
    cost_before_usd,
    cost_after_usd
from {{ source('prices', 'rerate_changes') }}
