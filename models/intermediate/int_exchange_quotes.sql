-- grain: one row per currency and day on which its rate was set
-- What somebody keeps by hand goes before what is published: from the first date that seeds/exchange_rates.csv has for
-- a currency, that currency's published rates are not used.
with published as (

    {{ union_staged('rates') }}

),

dollars as (

    select
        source_id,
        rate_date,
        units_per_base as usd_per_base
    from published
    where currency = 'USD'

),

kept_by_hand as (

    select
        upper(currency) as currency,
        valid_from_date as rate_date,
        usd_per_unit,
        rate_source
    from {{ ref('exchange_rates') }}
    where upper(currency) <> 'USD'

),

first_by_hand as (

    select
        currency,
        min(rate_date) as first_date
    from kept_by_hand
    group by 1

)

select
    currency,
    rate_date,
    usd_per_unit,
    cast(null as string) as base_currency,
    cast(null as decimal(18, 10)) as units_per_base,
    rate_source
from kept_by_hand
union all
select
    published.currency,
    published.rate_date,
    {{ cross_rate('dollars.usd_per_base', 'published.units_per_base') }} as usd_per_unit,
    published.base_currency,
    published.units_per_base,
    published.rate_source
from published
inner join dollars
    on published.source_id = dollars.source_id and published.rate_date = dollars.rate_date
left join first_by_hand as by_hand
    on published.currency = by_hand.currency
where
    published.currency <> 'USD'
    and (published.rate_date < by_hand.first_date or by_hand.first_date is null)
