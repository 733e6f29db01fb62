-- grain: one row per kind (charge, revenue), currency and month
-- FX variance = Σ amount × (closing rate − booked rate), as closing less booked, so that the line closes to the last
-- digit. Closing is the newest rate on or before the last day of the month: in the current month, today's.
with booked as (

    select
        'charge' as kind,
        upper(billing_currency) as currency,
        cast(charge_period_start_at as date) as booked_date,
        billed_cost as amount,
        billed_cost_usd as booked_usd,
        exchange_rate,
        exchange_rate_date
    from {{ ref('int_charges_converted') }}
    where exchange_rate is not null
    union all
    select
        'revenue' as kind,
        currency,
        service_start_date as booked_date,
        amount,
        amount_usd as booked_usd,
        exchange_rate,
        exchange_rate_date
    from {{ ref('int_revenue_converted') }}
    where exchange_rate is not null and counted_by is null

),

revalued as (

    select
        booked.kind,
        booked.currency,
        cast(date_trunc('month', booked.booked_date) as date) as month,
        booked.amount,
        booked.booked_usd,
        {{ convert('booked.amount', 'rates.reporting_per_unit') }} as closing_usd,
        booked.exchange_rate,
        booked.exchange_rate_date,
        rates.reporting_per_unit as closing_rate,
        rates.rate_date as closing_rate_date,
        rates.rate_source as closing_rate_source
    from booked
    inner join {{ ref('int_exchange_rates') }} as rates
        on
            booked.currency = rates.currency
            and last_day(booked.booked_date) >= rates.valid_from_date
            and last_day(booked.booked_date) < rates.valid_to_date

)

select
    kind,
    currency,
    month,
    count(*) as line_count,
    cast(sum(amount) as decimal(38, 12)) as amount,
    cast(sum(booked_usd) as decimal(38, 12)) as booked_usd,
    cast(sum(closing_usd) as decimal(38, 12)) as closing_usd,
    cast(sum(closing_usd) - sum(booked_usd) as decimal(38, 12)) as variance_usd,
    min(exchange_rate) as lowest_booked_rate,
    max(exchange_rate) as highest_booked_rate,
    min(exchange_rate_date) as first_booked_rate_date,
    max(exchange_rate_date) as last_booked_rate_date,
    -- one and the same in a currency's month
    max(closing_rate) as closing_rate,
    max(closing_rate_date) as closing_rate_date,
    max(closing_rate_source) as closing_rate_source
from revalued
group by 1, 2, 3
