-- grain: one row per (provider, model) that a source named and time at which it resolved differently
select
    provider_id,
    model_name,
    learned_at,
    price_source,
    price_provider_id,
    price_model_id,
    matched_by,
    litellm_model_id
from {{ source('prices', 'model_matches') }}
