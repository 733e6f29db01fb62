-- grain: one row per revenue line, in the reporting currency
-- The rate is the newest one on or before the first day of the service. A currency without a rate is not taken for a
-- dollar: the amount stays NULL and a test stops the build.
with lines as (

    {{ union_staged('revenue') }}

),

rates as (

    select
        currency,
        valid_from_date,
        lead(valid_from_date) over (partition by currency order by valid_from_date) as valid_to_date,
        usd_per_unit
    from {{ ref('exchange_rates') }}

)

select
    lines.*,
    concat_ws(':', lines.input_id, cast(lines.record_number as string)) as revenue_line_id,
    case
        when lines.currency = 'USD' then lines.amount
        else cast(cast(lines.amount as decimal(24, 12)) * cast(rates.usd_per_unit as decimal(13, 6)) as decimal(38, 12))
    end as amount_usd
from lines
left join rates
    on
        lines.currency = rates.currency
        and lines.service_start_date >= rates.valid_from_date
        and (lines.service_start_date < rates.valid_to_date or rates.valid_to_date is null)
