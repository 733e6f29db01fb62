-- grain: one row per billing period of an issuer of invoices
select
    'focus' as source_id,
    invoice_issuer_name,
    billing_period_status,
    billing_period_start as billing_period_start_at,
    billing_period_end as billing_period_end_at,
    billing_period_created as created_at,
    billing_period_last_updated as updated_at,
    input_id,
    record_number
from {{ source('focus', 'billing_periods') }}
