-- grain: one row per revenue line, in the reporting currency
-- The rate is that of the first day of the service. A currency without a rate is not taken for a dollar: the amount
-- stays NULL and a test stops the build. What Lago or OpenMeter hands on to Stripe is invoiced there again: where an id
-- says that it is the same invoice, their lines count, which know the feature, and Stripe's do not (`counted_by`).
with lines as (

    {{ union_staged('revenue') }}

),

handed_on as (

    select
        handed_id,
        min(source_id) as source_id
    from (
        select
            invoice_id as handed_id,
            source_id
        from lines
        where source_id in ('lago', 'openmeter')
        union all
        select
            linked_invoice_id as handed_id,
            source_id
        from lines
        where source_id in ('lago', 'openmeter')
    ) as ids
    where handed_id is not null
    group by 1

)

select
    {% for name in canonical_columns('revenue') if name != 'customer_id' %}
        lines.{{ name }},
    {% endfor %}
    -- who pays is called otherwise by who bills than by who is logged
    coalesce(known.customer_id, lines.customer_id) as customer_id,
    concat_ws(':', lines.input_id, cast(lines.record_number as string)) as revenue_line_id,
    coalesce(origins.source_id, copied.source_id) as counted_by,
    {{ convert('lines.amount', 'rates.reporting_per_unit') }} as amount_usd,
    {{ exchange_columns() }}
from lines
left join {{ ref('int_exchange_rates') }} as rates
    on
        lines.currency = rates.currency
        and lines.service_start_date >= rates.valid_from_date
        and lines.service_start_date < rates.valid_to_date
left join handed_on as origins on lines.source_id = 'stripe' and lines.linked_invoice_id = origins.handed_id
left join handed_on as copied on lines.source_id = 'stripe' and lines.invoice_id = copied.handed_id
left join {{ ref('customer_ids') }} as known
    on lines.source_id = known.source_id and lines.customer_id = known.billing_customer_id
