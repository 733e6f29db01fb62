-- The steps of every bridge sum to its last one, and that is the invoice.
with steps as (

    select
        provider_id,
        billing_account_id,
        invoice_id,
        billing_currency,
        sum(case when step = 'billed_cost' then 0 else amount_usd end) as led_to_usd,
        sum(case when step = 'billed_cost' then amount_usd else 0 end) as billed_cost_usd
    from {{ ref('reconciliation_bridge') }}
    group by 1, 2, 3, 4

),

billed as (

    select
        provider_id,
        coalesce(billing_account_id, '(unknown)') as billing_account_id,
        coalesce(invoice_id, '(none)') as invoice_id,
        billing_currency,
        sum(effective_cost_usd) as billed_cost_usd
    from {{ ref('fct_charges') }}
    group by 1, 2, 3, 4

)

select
    billed.invoice_id,
    billed.billed_cost_usd as expected_usd,
    steps.led_to_usd,
    steps.billed_cost_usd
from billed
full join steps
    on
        billed.provider_id = steps.provider_id
        and billed.billing_account_id = steps.billing_account_id
        and billed.invoice_id = steps.invoice_id
        and billed.billing_currency = steps.billing_currency
where
    billed.billed_cost_usd is distinct from steps.billed_cost_usd
    or billed.billed_cost_usd is distinct from steps.led_to_usd
