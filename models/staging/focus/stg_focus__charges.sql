-- grain: one row per line of a FOCUS bill
select
    ---------- ids
    'focus' as source_id,
    lower(coalesce(provider_name, publisher_name, invoice_issuer_name)) as provider_id,
    billing_account_id,
    billing_account_name,
    sub_account_id,
    invoice_id,
    invoice_detail_id,
    invoice_issuer_name,

    ---------- attributes
    provider_name,
    host_provider_name,
    publisher_name,
    service_category,
    service_name,
    charge_category,
    charge_class,
    charge_description,
    charge_frequency,
    commitment_discount_id,
    commitment_discount_status,
    region_id,
    resource_id,
    sku_id,
    sku_meter,
    sku_price_id,
    -- a charge that was split keeps by what, and what its part fell to
    allocated_method_id,
    allocated_resource_id,
    allocated_resource_name,
    allocated_tags,
    tags,
    focus_version,

    ---------- quantities
    consumed_quantity,
    consumed_unit,
    pricing_category,
    pricing_quantity,
    pricing_unit,
    list_unit_price,

    ---------- money
    -- Azure writes 0 where an enterprise agreement has no list price: that is not known, not free
    case
        when
            lower(provider_name) like 'microsoft%'
            and list_cost = 0
            and coalesce(list_unit_price, 0) = 0
            and effective_cost <> 0
            then null
        else list_cost
    end as list_cost,
    contracted_cost,
    billed_cost,
    effective_cost,
    billing_currency,

    ---------- times and lineage: ends are exclusive
    billing_period_start as billing_period_start_at,
    billing_period_end as billing_period_end_at,
    charge_period_start as charge_period_start_at,
    charge_period_end as charge_period_end_at,
    input_id,
    record_number
from {{ source('focus', 'charges') }}
