-- INV10: requests + (unattributed) = effective cost, to the last digit, for every invoice, account, month and
-- currency; and what the calls cost by the bill is what the bill gives them.
with billed as (

    select
        provider_id,
        coalesce(billing_account_id, '(unknown)') as billing_account_id,
        coalesce(invoice_id, '(none)') as invoice_id,
        billing_currency,
        sum(effective_cost) as billed_cost,
        sum(effective_cost_usd) as billed_cost_usd,
        sum(effective_cost_usd) as tied_usd
    from {{ ref('fct_charges') }}
    group by 1, 2, 3, 4

),

reconciled as (

    select
        provider_id,
        billing_account_id,
        invoice_id,
        billing_currency,
        sum(billed_cost) as billed_cost,
        sum(billed_cost_usd) as billed_cost_usd,
        sum(requests_cost_usd) + sum(unattributed_cost_usd) as tied_usd
    from {{ ref('reconciliation') }}
    where invoice_id is not null
    group by 1, 2, 3, 4

),

invoices as (

    select
        coalesce(billed.provider_id, reconciled.provider_id) as provider_id,
        coalesce(billed.invoice_id, reconciled.invoice_id) as invoice_id,
        billed.billed_cost_usd as expected_usd,
        reconciled.tied_usd as actual_usd
    from billed
    full join reconciled
        on
            billed.provider_id = reconciled.provider_id
            and billed.billing_account_id = reconciled.billing_account_id
            and billed.invoice_id = reconciled.invoice_id
            and billed.billing_currency = reconciled.billing_currency
    where
        billed.billed_cost is distinct from reconciled.billed_cost
        or billed.billed_cost_usd is distinct from reconciled.billed_cost_usd
        or billed.tied_usd is distinct from reconciled.tied_usd

),

called as (

    select
        provider_id,
        sum(invoiced_cost_usd) as invoiced_cost_usd
    from {{ ref('fct_usage_hourly') }}
    group by 1

),

due as (

    select
        provider_id,
        sum(requests_cost_usd) as requests_cost_usd
    from {{ ref('reconciliation') }}
    group by 1

)

select * from invoices
union all
select
    coalesce(due.provider_id, called.provider_id) as provider_id,
    '(calls)' as invoice_id,
    due.requests_cost_usd as expected_usd,
    called.invoiced_cost_usd as actual_usd
from due
full join called on due.provider_id = called.provider_id
where coalesce(due.requests_cost_usd, 0) <> coalesce(called.invoiced_cost_usd, 0)
