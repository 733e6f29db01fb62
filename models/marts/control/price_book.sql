-- grain: one row per price_id: price key, stretch of time, time of day and context tier
-- What `fct_requests.price_id` names: what we pay, in US dollars, as the catalogue states it. Tokens for a million, as
-- providers print them, all else for one; NULL: there is no price.
select
    price_id,
    price_key,
    price_provider_id as provider_id,
    price_model_id as model_id,
    price_tier as service_tier,
    valid_from_date,
    valid_to_date,
    daily_from_second,
    daily_to_second,
    above_tokens,
    up_to_tokens,
    {{ readable_prices() }},
    minimum_audio_seconds,
    price_state,
    price_source,
    source_version,
    price_rule,
    cast(uplift_factor as decimal(6, 3)) as uplift_factor,
    override_lines,
    exchange_rate,
    exchange_rate_date,
    exchange_rate_source
from {{ ref('int_rate_card') }}
