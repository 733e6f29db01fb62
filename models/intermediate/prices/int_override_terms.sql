-- grain: one row per line of seeds/price_overrides.csv and stretch of usage days, and per self-hosted provider
{{ config(materialized='table') }}
-- Each line as it stood in the book for the days that it prices, its price in US dollars, as the catalogue's are. A
-- contract in another currency is converted at the rate of the day; a line without a rate stops the build.
with lines as (

    select
        overrides.*,
        greatest(overrides.valid_from_date, editions.valid_from_date) as from_date,
        least(overrides.valid_to_date, editions.valid_to_date) as to_date
    from {{ ref('stg_prices__overrides') }} as overrides
    inner join {{ ref('int_book_editions') }} as editions
        on
            overrides.snapshot_id = editions.snapshot_id
            and editions.table_name = 'prices__overrides'
            and overrides.valid_from_date < editions.valid_to_date
            and overrides.valid_to_date > editions.valid_from_date

)

select
    concat('line ', cast(lines.line_number as string), '@', right(lines.snapshot_id, 8)) as term_id,
    lines.line_number,
    lines.effect,
    lines.provider_id,
    lines.model_id,
    lines.billing_account_id,
    lines.project_id,
    lines.api_key_id,
    lines.deployment_id,
    lines.service_tier,
    lines.usage_kind,
    lines.discount,
    lines.currency,
    lines.precedence,
    lines.note,
    case
        when lines.unit_price is null then null
        when lines.currency = 'USD' then lines.unit_price
        else cast(
            cast(lines.unit_price as decimal(18, 15)) * cast(rates.usd_per_unit as decimal(15, 10)) as decimal(18, 15)
        )
    end as unit_price_usd,
    case when lines.currency <> 'USD' then rates.usd_per_unit end as exchange_rate,
    case when lines.currency <> 'USD' then rates.rate_date end as exchange_rate_date,
    case when lines.currency <> 'USD' then rates.rate_source end as exchange_rate_source,
    case
        when lines.unit_price is null or lines.currency = 'USD' then lines.from_date
        else greatest(lines.from_date, coalesce(rates.valid_from_date, lines.from_date))
    end as valid_from_date,
    case
        when lines.unit_price is null or lines.currency = 'USD' then lines.to_date
        else least(lines.to_date, coalesce(rates.valid_to_date, lines.to_date))
    end as valid_to_date
from lines
left join {{ ref('int_exchange_rates') }} as rates
    on
        lines.unit_price is not null
        and lines.currency <> 'USD'
        and lines.currency = rates.currency
        and lines.from_date < rates.valid_to_date
        and lines.to_date > rates.valid_from_date
union all
-- known by its provider alone, and weaker than any line
select
    concat('self-hosted ', provider_id) as term_id,
    cast(null as bigint) as line_number,
    'self_hosted' as effect,
    provider_id,
    cast(null as string) as model_id,
    cast(null as string) as billing_account_id,
    cast(null as string) as project_id,
    cast(null as string) as api_key_id,
    cast(null as string) as deployment_id,
    cast(null as string) as service_tier,
    cast(null as string) as usage_kind,
    cast(null as decimal(18, 6)) as discount,
    cast(null as string) as currency,
    cast(0 as bigint) as precedence,
    note,
    cast(null as decimal(18, 15)) as unit_price_usd,
    cast(null as decimal(15, 10)) as exchange_rate,
    cast(null as date) as exchange_rate_date,
    cast(null as string) as exchange_rate_source,
    date '2015-01-01' as valid_from_date,
    date '2100-01-01' as valid_to_date
from {{ ref('self_hosted_providers') }}
