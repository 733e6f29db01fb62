-- grain: one row per month, provider, service, meter, kind of charge and billing currency
select
    cast(date_trunc('month', usage_date) as date) as month,
    provider_id,
    coalesce(service_name, '(none)') as service_name,
    coalesce(sku_meter, charge_description, '(none)') as meter,
    charge_kind,
    billing_currency,
    cast(count(*) as bigint) as charge_count,
    cast(sum(billed_cost) as decimal(38, 12)) as billed_cost,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost,
    cast(sum(billed_cost_usd) as decimal(38, 12)) as billed_cost_usd,
    cast(sum(effective_cost_usd) as decimal(38, 12)) as effective_cost_usd
from {{ ref('fct_charges') }}
group by 1, 2, 3, 4, 5, 6
