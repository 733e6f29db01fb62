-- A rate of nothing, or less, is a mistake in seeds/exchange_rates.csv: money would vanish or change its sign.
select
    currency,
    rate_date,
    usd_per_unit
from {{ ref('int_exchange_quotes') }}
where usd_per_unit <= 0 or usd_per_unit is null
