-- grain: one row per line of an invoice, or rest of its total that no line says
-- What is gathered or drafted is no revenue yet, what is voided or uncollectible none any more. A rest (an invoice that
-- was read without its lines, mostly) is a row on the record of the invoice, with a number below 0.
with records as (
    select
        *,
        greatest(created_at, updated_at, deleted_at) as changed_at,
        0 as state_rank,
        case
            when is_invoice_line and line_deleted_at is null
                then cast(line_total as decimal(24, 12)) - cast(coalesce(line_tax, 0) as decimal(24, 12))
        end as line_amount,
        cast(total as decimal(24, 12)) - cast(total_tax as decimal(24, 12)) as total_amount,
        cast(coalesce(period_from, issued_at, created_at) as date) as start_date,
        cast(period_to as date) as end_date
    from {{ source('openmeter', 'revenue') }}
),

newest as (
    select * from {{ newest_read('records') }} as reads
),

parts as (
    select
        document_id,
        line_amount as amount,
        plan_id,
        feature_id,
        start_date,
        end_date,
        input_id,
        record_number
    from newest
    where is_line and line_amount is not null
    union all
    select
        document_id,
        max(case when is_document then total_amount end) - coalesce(sum(case when is_line then line_amount end), 0)
            as amount,
        null as plan_id,
        null as feature_id,
        min(case when is_line then start_date end) as start_date,
        max(case when is_line then end_date end) as end_date,
        max(case when is_document then input_id end) as input_id,
        max(case when is_document then -record_number end) as record_number
    from newest
    group by 1
    having max(case when is_document then total_amount end) <> coalesce(sum(case when is_line then line_amount end), 0)
)

select
    'openmeter' as source_id,
    coalesce(invoices.customer_key, invoices.subject_key, invoices.customer_id, '(unattributed)') as customer_id,
    parts.plan_id,
    parts.feature_id,
    case when invoices.kind like 'credit%' then -parts.amount else parts.amount end as amount,
    invoices.currency,
    parts.start_date as service_start_date,
    -- exclusive; a period within a day is that day
    greatest(parts.end_date, cast(parts.start_date + interval '1' day as date)) as service_end_date,
    parts.document_id as invoice_id,
    invoices.external_invoice_id as linked_invoice_id,
    parts.input_id,
    parts.record_number
from parts
inner join newest as invoices on parts.document_id = invoices.document_id and invoices.is_document
where
    invoices.status in ('issuing', 'issued', 'payment_processing', 'overdue', 'paid')
    and invoices.deleted_at is null
