-- grain: one row per source, model, tier, usage kind, threshold, stretch of time, and stretch of knowing
-- The book in its two times: from when to when a price holds, and from when to when we took it for true.
with snapshots as (

    select
        snapshot_id,
        price_source,
        learned_at,
        lead(learned_at) over (partition by price_source order by learned_at) as next_learned_at,
        row_number() over (partition by price_source order by learned_at) as place
    from {{ ref('stg_prices__snapshots') }}
    where table_name = 'prices__model_prices'

),

said as (

    select
        prices.price_source,
        prices.provider_id,
        prices.model_id,
        prices.service_tier,
        prices.usage_kind,
        prices.tier_start_tokens,
        prices.valid_from_date,
        prices.valid_to_date,
        prices.daily_from_second,
        prices.daily_to_second,
        prices.price_usd,
        prices.per_units,
        prices.price_rule,
        snapshots.place,
        snapshots.learned_at,
        snapshots.next_learned_at,
        -- a run of snapshots that say the same has one number
        snapshots.place - row_number() over (
            partition by
                prices.price_source, prices.provider_id, prices.model_id, prices.service_tier, prices.usage_kind,
                prices.tier_start_tokens, prices.valid_from_date, prices.valid_to_date, prices.daily_from_second,
                prices.daily_to_second, prices.price_usd, prices.per_units, prices.price_rule
            order by snapshots.place
        ) as run_number
    from {{ ref('stg_prices__model_prices') }} as prices
    inner join snapshots
        on prices.snapshot_id = snapshots.snapshot_id and prices.price_source = snapshots.price_source

),

runs as (

    select
        price_source,
        provider_id,
        model_id,
        service_tier,
        usage_kind,
        tier_start_tokens,
        valid_from_date,
        valid_to_date,
        daily_from_second,
        daily_to_second,
        price_usd,
        per_units,
        price_rule,
        run_number,
        min(learned_at) as known_from_at,
        -- NULL: the newest snapshot says it still
        case when count(next_learned_at) = count(*) then max(next_learned_at) end as known_to_at
    from said
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14

)

select
    price_source,
    provider_id,
    model_id,
    service_tier,
    usage_kind,
    tier_start_tokens,
    valid_from_date,
    valid_to_date,
    daily_from_second,
    daily_to_second,
    cast(price_usd as decimal(38, 18)) as price_usd,
    per_units,
    price_rule,
    known_from_at,
    known_to_at
from runs
