-- grain: one row per snapshot and list price: model, service tier, usage kind, context threshold, stretch of time
select
    snapshot_id,
    price_source,
    source_version,
    learned_at,
    provider_id,
    model_id,
    service_tier,
    usage_kind,
    tier_start_tokens,
    price_usd,
    per_units,
    unit_price_usd,
    minimum_units,
    price_rule,
    valid_from_date,
    valid_to_date,
    daily_from_second,
    daily_to_second
from {{ source('prices', 'model_prices') }}
