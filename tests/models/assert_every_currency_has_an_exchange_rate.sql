-- An amount in a currency without a rate on its day is no money in the reporting currency: the build stops and says
-- which currency, from which day, and what to do.
with contracts as (

    -- a contract's price counts from its first day, or from the first day with calls where that is later
    select
        overrides.currency,
        greatest(overrides.valid_from_date, calls.first_date) as first_date
    from {{ ref('price_overrides') }} as overrides
    cross join (select min(usage_date) as first_date from {{ ref('fct_usage_hourly') }}) as calls
    where overrides.currency <> 'USD' and calls.first_date < overrides.valid_to_date

),

unconverted as (

    select
        currency,
        service_start_date as booked_date
    from {{ ref('int_revenue_converted') }}
    where amount is not null and amount_usd is null
    union all
    select
        upper(billing_currency) as currency,
        cast(charge_period_start_at as date) as booked_date
    from {{ ref('int_charges_converted') }}
    where
        (billed_cost is not null and billed_cost_usd is null)
        or (effective_cost is not null and effective_cost_usd is null)
        or (list_cost is not null and list_cost_usd is null)
        or (contracted_cost is not null and contracted_cost_usd is null)
    union all
    select
        currency,
        month as booked_date
    from {{ ref('int_plan_fees') }}
    where price_usd is null
    {% if var('reporting_currency') != 'USD' %}
        union all
        -- prices are in US dollars
        select
            'USD' as currency,
            usage_date as booked_date
        from {{ ref('fct_requests') }}
        where {{ is_cost_known() }} and cost_usd is null
    {% endif %}
    union all
    select
        contracts.currency,
        contracts.first_date as booked_date
    from contracts
    left join {{ ref('int_exchange_rates') }} as rates
        on
            contracts.currency = rates.currency
            and contracts.first_date >= rates.valid_from_date
            and contracts.first_date < rates.valid_to_date
    where rates.currency is null

),

missing as (

    select
        coalesce(currency, '(none)') as currency,
        cast(min(booked_date) as string) as first_date,
        cast(max(booked_date) as string) as last_date
    from unconverted
    group by 1

),

missing_of_all as (

    select {{ sorted_list("concat(currency, ' of ', first_date, ' to ', last_date)") }} as currencies
    from missing

)

select currencies
from missing_of_all
where
    currencies <> ''
    and {{ raise_error(
        "concat('amounts have no exchange rate into " ~ var('reporting_currency') ~ ": ', currencies, "
        ~ "'; add rates to seeds/exchange_rates.csv, or ingest the ECB''s eurofxref-hist.csv')"
    ) }} is null
