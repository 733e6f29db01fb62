-- grain: one row per (provider, model) that a source named
select
    provider_id,
    model_name,
    price_provider_id,
    price_model_id,
    matched_by
from {{ source('prices', 'model_matches') }}
