-- grain: one row per line of an invoice
select
    ---------- ids
    'focus' as source_id,
    invoice_issuer_name,
    invoice_id,
    invoice_detail_id,
    billing_account_id,
    reference_invoice_id,
    purchase_order_number,

    ---------- attributes
    invoice_issue_status,
    charge_category,
    invoice_detail_description,
    invoice_detail_grain,
    payment_terms,

    ---------- money
    billed_cost,
    billing_currency,
    payment_currency_billed_cost,
    payment_currency,

    ---------- times and lineage: ends are exclusive
    billing_period_start as billing_period_start_at,
    billing_period_end as billing_period_end_at,
    invoice_issued as invoice_issued_at,
    payment_due as payment_due_at,
    invoice_detail_created as created_at,
    invoice_detail_last_updated as updated_at,
    input_id,
    record_number
from {{ source('focus', 'invoices') }}
