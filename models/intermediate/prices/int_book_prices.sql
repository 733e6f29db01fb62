-- grain: one row per source, model, service tier, usage kind, context threshold and stretch of time
-- What holds on each usage day: every snapshot's prices, cut to the days that are rated from it.
select
    prices.price_source,
    prices.source_version,
    prices.snapshot_id,
    prices.provider_id,
    prices.model_id,
    prices.service_tier,
    prices.usage_kind,
    prices.tier_start_tokens,
    prices.unit_price_usd,
    prices.minimum_units,
    prices.price_rule,
    greatest(prices.valid_from_date, editions.valid_from_date) as valid_from_date,
    least(prices.valid_to_date, editions.valid_to_date) as valid_to_date,
    prices.daily_from_second,
    prices.daily_to_second
from {{ ref('stg_prices__model_prices') }} as prices
inner join {{ ref('int_book_editions') }} as editions
    on
        prices.snapshot_id = editions.snapshot_id
        and prices.price_source = editions.price_source
        and editions.table_name = 'prices__model_prices'
        and prices.valid_from_date < editions.valid_to_date
        and prices.valid_to_date > editions.valid_from_date
