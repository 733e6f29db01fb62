-- grain: one row per billing line
-- The line keeps its money in the billing currency and gains it in the reporting currency, at the rate of the day on
-- which the charge period starts. Without a rate it is NULL there, and a test stops the build.
select
    charges.*,
    {{ convert('charges.list_cost', 'rates.reporting_per_unit') }} as list_cost_usd,
    {{ convert('charges.contracted_cost', 'rates.reporting_per_unit') }} as contracted_cost_usd,
    {{ convert('charges.billed_cost', 'rates.reporting_per_unit') }} as billed_cost_usd,
    {{ convert('charges.effective_cost', 'rates.reporting_per_unit') }} as effective_cost_usd,
    {{ exchange_columns() }}
from {{ ref('int_charges_matched') }} as charges
left join {{ ref('int_exchange_rates') }} as rates
    on
        upper(charges.billing_currency) = rates.currency
        and cast(charges.charge_period_start_at as date) >= rates.valid_from_date
        and cast(charges.charge_period_start_at as date) < rates.valid_to_date
