-- grain: one row per price_id: model, service tier, stretch of time, time of day and context tier
-- What `fct_requests.price_id` names. Prices are for a million units, as providers print them; NULL: there is none.
select
    price_id,
    price_provider_id as provider_id,
    price_model_id as model_id,
    price_tier as service_tier,
    valid_from_date,
    valid_to_date,
    daily_from_second,
    daily_to_second,
    above_tokens,
    up_to_tokens,
    cast(cast(input_price as decimal(28, 15)) * 1000000 as decimal(38, 12)) as input_per_million_usd,
    cast(cast(cache_read_price as decimal(28, 15)) * 1000000 as decimal(38, 12)) as cache_read_per_million_usd,
    cast(cast(cache_write_price as decimal(28, 15)) * 1000000 as decimal(38, 12)) as cache_write_per_million_usd,
    cast(cast(cache_write_1h_price as decimal(28, 15)) * 1000000 as decimal(38, 12)) as cache_write_1h_per_million_usd,
    cast(cast(output_price as decimal(28, 15)) * 1000000 as decimal(38, 12)) as output_per_million_usd,
    cast(cast(input_audio_price as decimal(28, 15)) * 1000000 as decimal(38, 12)) as input_audio_per_million_usd,
    cast(cast(output_audio_price as decimal(28, 15)) * 1000000 as decimal(38, 12)) as output_audio_per_million_usd,
    cast(cast(web_search_price as decimal(28, 15)) * 1000000 as decimal(38, 12)) as web_search_per_million_usd,
    price_source,
    source_version
from {{ ref('int_model_prices') }}
