-- grain: one row per revenue line, in the reporting currency
-- The rate is that of the first day of the service. A currency without a rate is not taken for a dollar: the amount
-- stays NULL and a test stops the build.
with lines as (

    {{ union_staged('revenue') }}

)

select
    {% for name in canonical_columns('revenue') if name != 'customer_id' %}
        lines.{{ name }},
    {% endfor %}
    -- who pays is called otherwise by who bills than by who is logged
    coalesce(known.customer_id, lines.customer_id) as customer_id,
    concat_ws(':', lines.input_id, cast(lines.record_number as string)) as revenue_line_id,
    {{ convert('lines.amount', 'rates.reporting_per_unit') }} as amount_usd,
    {{ exchange_columns() }}
from lines
left join {{ ref('int_exchange_rates') }} as rates
    on
        lines.currency = rates.currency
        and lines.service_start_date >= rates.valid_from_date
        and lines.service_start_date < rates.valid_to_date
left join {{ ref('customer_ids') }} as known
    on lines.source_id = known.source_id and lines.customer_id = known.billing_customer_id
