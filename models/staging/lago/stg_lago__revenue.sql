-- grain: one row per fee, item of a credit note, or rest of a credit note's total that its items do not say
-- A fee whose payment failed or was refunded is no revenue, nor is one of an invoice that is known not to be final. The
-- rest of a credit note (its coupons, mostly) is a row on the record of the note, with a number below 0.
{% set no_decimals = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split() %}
{% set three_decimals = 'BHD IQD JOD KWD LYD OMR TND'.split() %}
{% set whole = major_units('@_cents', 'currency', no_decimals, three_decimals) %}
with whole_units as (
    select
        *,
        {{ for_each(['amount', 'coupons', 'net_total'], 'cast(' ~ whole ~ ' as decimal(24, 12)) as @') }}
    from {{ source('lago', 'revenue') }}
),

records as (
    select
        *,
        greatest(created_at, succeeded_at, failed_at, refunded_at, updated_at) as changed_at,
        case when payment_status = 'pending' then 0 else 1 end
        + case coalesce(invoice_status, 'finalized') when 'finalized' then 0 when 'voided' then 2 else -2 end
            as state_rank,
        case kind
            when 'fee' then coalesce(cast(precise_amount as decimal(24, 12)), amount) - coalesce(coupons, 0)
            else -amount
        end as line_amount,
        -net_total as total_amount,
        coalesce(external_customer_id, lago_customer_id) as customer_id,
        case when item_type in ('charge', 'fixed_charge', 'add_on') then item_code end as sold_id,
        case when item_type not in ('charge', 'fixed_charge', 'add_on') then item_code end as plan_id,
        cast(coalesce(from_date, issuing_date, created_at) as date) as start_date,
        -- the last second of the period is in it
        cast(case when from_date is not null then to_date + interval '1' second end as date) as end_date
    from whole_units
),

newest as (
    select * from {{ newest_read('records') }} as reads
),

parts as (
    select
        document_id,
        line_amount as amount,
        customer_id,
        plan_id,
        coalesce(feature_id, sold_id) as feature_id,
        currency,
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
        max(case when is_document then customer_id end) as customer_id,
        null as plan_id,
        null as feature_id,
        max(case when is_document then currency end) as currency,
        min(case when is_line then start_date end) as start_date,
        max(case when is_line then end_date end) as end_date,
        max(case when is_document then input_id end) as input_id,
        max(case when is_document then -record_number end) as record_number
    from newest
    group by 1
    having max(case when is_document then total_amount end) <> coalesce(sum(case when is_line then line_amount end), 0)
)

select
    'lago' as source_id,
    coalesce(parts.customer_id, '(unattributed)') as customer_id,
    parts.plan_id,
    parts.feature_id,
    parts.amount,
    parts.currency,
    parts.start_date as service_start_date,
    -- exclusive; without a period it is the day of the document
    greatest(parts.end_date, cast(parts.start_date + interval '1' day as date)) as service_end_date,
    documents.invoice_id,
    parts.input_id,
    parts.record_number
from parts
inner join newest as documents on parts.document_id = documents.document_id and documents.is_document
where
    case documents.kind
        when 'fee'
            then
                coalesce(documents.payment_status, 'pending') not in ('failed', 'refunded')
                and coalesce(documents.invoice_status, 'finalized') = 'finalized'
        -- what of a credit was used before it was voided is not told: it is taken for unused
        else coalesce(documents.credit_status, '') <> 'voided' or documents.refund_cents > 0
    end
