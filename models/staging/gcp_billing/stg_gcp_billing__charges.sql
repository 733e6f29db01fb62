-- grain: one row per line of a Google Cloud bill
-- Rows have no id. What a later file tells again counts once: of equal rows as many as the file with most of them has,
-- so that two equal rows of one export are two charges.
with netted as (

    select
        *,
        -- summed within the row: credits that are unnested repeat the cost
        cost + coalesce({{ listed_sum('credits', 'amount', type='decimal(38, 12)') }}, 0) as net_cost,
        cast(
            substr(cast(invoice_month as string), 1, 4) || '-' || substr(cast(invoice_month as string), 5, 2) || '-01'
            as timestamp
        ) as invoice_month_start
    from {{ source('gcp_billing', 'charges') }}

),

hashed as (

    select
        *,
        md5(concat_ws(
            chr(31)
            {%- for column in [
                'billing_account_id', 'service_description', 'sku_id', 'sku_description', 'usage_start_time',
                'usage_end_time', 'project_id', 'labels', 'system_labels', 'location_region', 'resource_name',
                'resource_global_name', 'cost', 'net_cost', 'cost_at_list', 'currency', 'usage_amount', 'usage_unit',
                'usage_amount_in_pricing_units', 'price_tier_start_amount', 'invoice_month', 'cost_type',
                'adjustment_mode', 'adjustment_id', 'consumption_model_id', 'transaction_type', 'seller_name',
                'export_time'
            ] %}, coalesce(cast({{ column }} as string), ''){% endfor %}
        )) as row_hash
    from netted

),

numbered as (

    select
        *,
        row_number() over (partition by row_hash, input_id order by record_number) as number_in_file
    from hashed

),

told as (

    select
        *,
        row_number() over (partition by row_hash, number_in_file order by input_id) as telling
    from numbered

)

select
    ---------- ids
    'gcp_billing' as source_id,
    'google' as provider_id,
    billing_account_id,
    project_id as sub_account_id,
    'Google Cloud' as invoice_issuer_name,

    ---------- attributes
    'Google Cloud' as provider_name,
    coalesce(seller_name, 'Google') as publisher_name,
    case
        when lower(service_description) in ('vertex ai', 'gemini api', 'generative language api')
            then 'AI and Machine Learning'
    end as service_category,
    service_description as service_name,
    case cost_type
        when 'regular' then 'Usage'
        when 'tax' then 'Tax'
        when 'adjustment' then 'Adjustment'
        when 'rounding_error' then 'Adjustment'
    end as charge_category,
    case when adjustment_mode <> 'MANUAL_ADJUSTMENT' then 'Correction' end as charge_class,
    sku_description as charge_description,
    location_region as region_id,
    coalesce(resource_global_name, resource_name) as resource_id,
    sku_id,
    sku_description as sku_meter,
    {{ listed_object('labels') }} as tags,

    ---------- quantities: by FOCUS only use is consumed, which an adjustment repeats, and a tax has no price
    case when coalesce(cost_type, 'regular') = 'regular' then usage_amount end as consumed_quantity,
    case when coalesce(cost_type, 'regular') = 'regular' then usage_unit end as consumed_unit,
    case when coalesce(cost_type, 'regular') <> 'tax' then usage_amount_in_pricing_units end as pricing_quantity,
    case when coalesce(cost_type, 'regular') <> 'tax' then usage_pricing_unit end as pricing_unit,

    ---------- money: the cost is at contract prices, before credits
    cost_at_list as list_cost,
    cost as contracted_cost,
    net_cost as billed_cost,
    net_cost as effective_cost,
    currency as billing_currency,

    ---------- times and lineage: an invoice is of a month of US Pacific time, so it names the month, not an instant
    invoice_month_start as billing_period_start_at,
    invoice_month_start + interval '1' month as billing_period_end_at,
    usage_start_time as charge_period_start_at,
    usage_end_time as charge_period_end_at,
    input_id,
    record_number
from told
where telling = 1
