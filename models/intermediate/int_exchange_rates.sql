-- grain: one row per currency and stretch of days
{{ config(materialized='table') }}
-- A rate holds from its date to the next one. A rate into the reporting currency is crossed by way of the euro where
-- both currencies have a rate of the ECB, else by way of the dollar.
with quotes as (

    select * from {{ ref('int_exchange_quotes') }}
    union all
    -- the dollar and the reporting currency are worth one of themselves on every day, also before their first rate
    select
        currency,
        cast(null as date) as rate_date,
        case when currency = 'USD' then cast(1 as decimal(15, 10)) end as usd_per_unit,
        cast(null as string) as base_currency,
        cast(null as decimal(18, 10)) as units_per_base,
        cast(null as string) as rate_source
    from (
        select 'USD' as currency
        union distinct
        select '{{ var("reporting_currency") }}' as currency
    ) as identities

),

stretches as (

    select
        *,
        coalesce(rate_date, date '1900-01-01') as valid_from_date,
        lead(rate_date, 1, date '2100-01-01') over (
            partition by currency order by coalesce(rate_date, date '1900-01-01')
        ) as valid_to_date
    from quotes

),

crossed as (

    select
        stretches.currency,
        stretches.usd_per_unit,
        greatest(stretches.valid_from_date, reporting.valid_from_date) as valid_from_date,
        least(stretches.valid_to_date, reporting.valid_to_date) as valid_to_date,
        case
            when stretches.currency = reporting.currency then cast(1 as decimal(15, 10))
            when stretches.base_currency = reporting.base_currency
                then {{ cross_rate('reporting.units_per_base', 'stretches.units_per_base') }}
            else {{ cross_rate('stretches.usd_per_unit', 'reporting.usd_per_unit') }}
        end as reporting_per_unit,
        -- of two rates that were crossed the older; least() and concat_ws() skip the NULL of an identity
        least(stretches.rate_date, reporting.rate_date) as rate_date,
        nullif(
            concat_ws(' / ', stretches.rate_source, nullif(reporting.rate_source, stretches.rate_source)), ''
        ) as rate_source
    from stretches
    inner join stretches as reporting
        on
            reporting.currency = '{{ var("reporting_currency") }}'
            and stretches.valid_from_date < reporting.valid_to_date
            and stretches.valid_to_date > reporting.valid_from_date

)

select
    currency,
    valid_from_date,
    valid_to_date,
    usd_per_unit,
    reporting_per_unit,
    rate_date,
    rate_source
from crossed
where reporting_per_unit is not null
