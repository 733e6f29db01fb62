-- grain: one row per priced model, service tier, stretch of time and context tier
{{ config(materialized='table') }}
-- The whole request is billed at the tier that its total input reaches, all token kinds of it (genai-prices,
-- TieredPrices; OpenAI and Anthropic long-context pricing). A kind without a price of its own costs what the kind that
-- contains it costs: a cache read without a read price is ordinary input.
with prices as (

    select
        *,
        -- "above": a tier applies to a total strictly greater than its start; the base price to any total
        case when tier_start_tokens = 0 then -1 else tier_start_tokens end as above_tokens
    from {{ ref('int_prices_by_tier') }}

),

tiers as (

    select
        *,
        lead(above_tokens) over (
            partition by provider_id, model_id, service_tier, valid_from_date, daily_from_second
            order by above_tokens
        ) as next_above_tokens
    from (
        select distinct
            provider_id,
            model_id,
            service_tier,
            valid_from_date,
            valid_to_date,
            daily_from_second,
            daily_to_second,
            above_tokens
        from prices
    ) as distinct_tiers

),

reached as (

    select
        tiers.provider_id,
        tiers.model_id,
        tiers.service_tier,
        tiers.valid_from_date,
        tiers.valid_to_date,
        tiers.daily_from_second,
        tiers.daily_to_second,
        tiers.above_tokens,
        tiers.next_above_tokens,
        prices.usage_kind,
        max_by(prices.unit_price_usd, prices.above_tokens) as unit_price_usd,
        max(prices.price_source) as price_source,
        max(prices.source_version) as source_version
    from tiers
    inner join prices
        on
            tiers.provider_id = prices.provider_id
            and tiers.model_id = prices.model_id
            and tiers.service_tier = prices.service_tier
            and tiers.valid_from_date = prices.valid_from_date
            and tiers.daily_from_second = prices.daily_from_second
            and tiers.above_tokens >= prices.above_tokens
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

),

by_kind as (

    select
        provider_id,
        model_id,
        service_tier,
        valid_from_date,
        valid_to_date,
        daily_from_second,
        daily_to_second,
        above_tokens,
        coalesce(next_above_tokens, 9223372036854775807) as up_to_tokens,
        max(case when usage_kind = 'input_tokens' then unit_price_usd end) as input_price,
        max(case when usage_kind = 'cache_read_tokens' then unit_price_usd end) as cache_read_price,
        max(case when usage_kind = 'cache_write_tokens' then unit_price_usd end) as cache_write_price,
        max(case when usage_kind = 'cache_write_1h_tokens' then unit_price_usd end) as cache_write_1h_price,
        max(case when usage_kind = 'input_audio_tokens' then unit_price_usd end) as input_audio_price,
        max(case when usage_kind = 'output_tokens' then unit_price_usd end) as output_price,
        max(case when usage_kind = 'output_audio_tokens' then unit_price_usd end) as output_audio_price,
        max(case when usage_kind = 'web_searches' then unit_price_usd end) as web_search_price,
        max(price_source) as price_source,
        max(source_version) as source_version
    from reached
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9

)

select
    concat_ws(
        '|', provider_id, model_id, service_tier, cast(valid_from_date as string), cast(daily_from_second as string),
        cast(above_tokens as string)
    ) as price_id,
    provider_id as price_provider_id,
    model_id as price_model_id,
    service_tier as price_tier,
    valid_from_date,
    valid_to_date,
    daily_from_second,
    daily_to_second,
    above_tokens,
    up_to_tokens,
    input_price,
    coalesce(cache_read_price, input_price) as cache_read_price,
    coalesce(cache_write_price, input_price) as cache_write_price,
    coalesce(cache_write_1h_price, cache_write_price, input_price) as cache_write_1h_price,
    coalesce(input_audio_price, input_price) as input_audio_price,
    output_price,
    coalesce(output_audio_price, output_price) as output_audio_price,
    web_search_price,
    price_source,
    source_version
from by_kind
