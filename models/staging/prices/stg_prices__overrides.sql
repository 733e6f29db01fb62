-- grain: one row per snapshot and line of the price overrides
select
    snapshot_id,
    learned_at,
    line_number,
    effect,
    provider_id,
    model_id,
    billing_account_id,
    project_id,
    api_key_id,
    deployment_id,
    service_tier,
    usage_kind,
    price,
    per_units,
    unit_price,
    currency,
    discount,
    precedence,
    valid_from_date,
    valid_to_date,
    note
from {{ source('prices', 'overrides') }}
