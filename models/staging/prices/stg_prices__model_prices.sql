-- grain: one row per catalogue price: model, service tier, usage kind, context threshold, stretch of time
select
    provider_id,
    model_id,
    service_tier,
    usage_kind,
    tier_start_tokens,
    price_usd,
    per_units,
    unit_price_usd,
    valid_from_date,
    valid_to_date,
    daily_from_second,
    daily_to_second,
    price_source,
    source_version
from {{ source('prices', 'model_prices') }}
