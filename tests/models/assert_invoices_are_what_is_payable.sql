-- INV1: of each issuer and invoice, the billed cost of the charges is what the invoice says is payable.
-- Both are the provider's own datasets, and one may land before the other: so this warns and stops nothing.
{{ config(severity='warn') }}
with payable as (

    select
        invoice_issuer_name,
        invoice_id,
        billing_currency,
        sum(billed_cost) as payable_cost
    from {{ ref('fct_invoices') }}
    group by 1, 2, 3

),

charged as (

    select
        invoice_issuer_name,
        invoice_id,
        billing_currency,
        sum(billed_cost) as billed_cost
    from {{ ref('fct_charges') }}
    where invoice_id is not null
    group by 1, 2, 3

)

select
    payable.*,
    charged.billed_cost
from payable
left join charged
    on
        payable.invoice_issuer_name = charged.invoice_issuer_name
        and payable.invoice_id = charged.invoice_id
        and payable.billing_currency = charged.billing_currency
where charged.billed_cost is null or charged.billed_cost <> payable.payable_cost
