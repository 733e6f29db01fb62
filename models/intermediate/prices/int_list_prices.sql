-- grain: one row per source, model, service tier, stretch of time and context tier
{{ config(materialized='table') }}
-- The whole request is billed at the tier that its total input reaches, all token kinds of it (genai-prices,
-- TieredPrices; OpenAI and Anthropic long-context pricing).
with prices as (

    select
        *,
        -- "above": a tier applies to a total strictly greater than its start; the base price to any total
        case when tier_start_tokens = 0 then -1 else tier_start_tokens end as above_tokens
    from {{ ref('int_book_prices') }}

),

stretches as (

    select
        price_source,
        provider_id,
        model_id,
        service_tier,
        valid_from_date,
        daily_from_second,
        above_tokens,
        max(valid_to_date) as valid_to_date,
        max(daily_to_second) as daily_to_second,
        max(source_version) as source_version,
        max(snapshot_id) as snapshot_id,
        -- a stretch is by rule where any of its prices is
        max(price_rule) as price_rule
    from prices
    group by 1, 2, 3, 4, 5, 6, 7

),

tiers as (

    select
        *,
        lead(above_tokens, 1, 9223372036854775807) over (
            partition by price_source, provider_id, model_id, service_tier, valid_from_date, daily_from_second
            order by above_tokens
        ) as up_to_tokens
    from stretches

),

reached as (

    select
        tiers.price_source,
        tiers.provider_id,
        tiers.model_id,
        tiers.service_tier,
        tiers.valid_from_date,
        tiers.daily_from_second,
        tiers.above_tokens,
        prices.usage_kind,
        max_by(prices.unit_price_usd, prices.above_tokens) as unit_price_usd,
        max(prices.minimum_units) as minimum_units
    from tiers
    inner join prices
        on
            tiers.price_source = prices.price_source
            and tiers.provider_id = prices.provider_id
            and tiers.model_id = prices.model_id
            and tiers.service_tier = prices.service_tier
            and tiers.valid_from_date = prices.valid_from_date
            and tiers.daily_from_second = prices.daily_from_second
            and tiers.above_tokens >= prices.above_tokens
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

by_kind as (

    select
        price_source,
        provider_id,
        model_id,
        service_tier,
        valid_from_date,
        daily_from_second,
        above_tokens,
        {{ for_each(catalogue_kinds(), "max(case when usage_kind = '@' then unit_price_usd end) as @_price") }},
        -- some providers bill the shortest audio as ten seconds (Groq: "minimum billed length")
        max(case when usage_kind in ('audio_seconds', 'input_audio_seconds') then minimum_units end)
            as minimum_audio_seconds
    from reached
    group by 1, 2, 3, 4, 5, 6, 7

)

select
    by_kind.*,
    tiers.up_to_tokens,
    tiers.valid_to_date,
    tiers.daily_to_second,
    tiers.price_rule,
    tiers.source_version,
    tiers.snapshot_id
from by_kind
inner join tiers
    on
        by_kind.price_source = tiers.price_source
        and by_kind.provider_id = tiers.provider_id
        and by_kind.model_id = tiers.model_id
        and by_kind.service_tier = tiers.service_tier
        and by_kind.valid_from_date = tiers.valid_from_date
        and by_kind.daily_from_second = tiers.daily_from_second
        and by_kind.above_tokens = tiers.above_tokens
