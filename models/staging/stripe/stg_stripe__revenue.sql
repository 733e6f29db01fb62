-- grain: one row per line of an invoice or a credit note, rest of its total that no line says, or payment by itself
-- What a total says beyond the known lines is a row of its own, on the record of the document with a number below 0: no
-- invoice loses money while further pages of its lines are missing. Of an invoice the API's objects count, else the
-- dashboard's row, else what was paid. docs.stripe.com/currencies: ISK and UGX have two decimals there, MGA none.
{% set no_decimals = 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split() %}
{% set three_decimals = 'BHD JOD KWD OMR TND'.split() %}
{% set whose = ['holder_customer_id', 'customer', 'subscription_id', 'origin_invoice_id'] %}
{% set of_line = 'line_customer_id feature_id price_feature_id price_id plan_name subscription_id'.split() %}
{% set of_document = 'kind of_holder_customer_id of_customer of_origin_invoice_id currency'.split() %}
{% set whole = major_units('parts.line_amount', 'documents.currency', no_decimals, three_decimals) %}
with records as (
    select
        *,
        lower(status) as state,
        coalesce(greatest(finalized_at, paid_at, uncollectible_at, voided_at), created) as changed_at,
        case lower(status) when 'draft' then 0 when 'open' then 1 when 'paid' then 3 when 'void' then 4 else 2 end
            as state_rank,
        case when line_object in ('line_item', 'credit_note_line_item') then {{ for_each(
            ['amount', 'discount_amount', 'inclusive_tax_amount'], 'cast(coalesce(@, 0) as decimal(24, 12))', ' - '
        ) }} end as line_amount,
        cast(total_excluding_tax as decimal(24, 12)) as total_amount
    from {{ source('stripe', 'revenue') }}
),

newest as (
    select * from {{ newest_read('records') }} as reads
),

invoices as (
    select
        holder_id as invoice_id,
        max(case when kind = 'invoice' then 1 else 0 end) as is_of_api,
        coalesce(max(case when kind = 'invoice' then state end), max(state)) as state,
        {{ for_each(whose, 'max(@) as @') }}
    from newest
    where kind in ('invoice', 'invoice_summary') and is_document
    group by 1
),

documents as (
    select
        newest.*,
        {{ for_each(whose, 'coalesce(newest.@, invoices.@) as of_@') }}
    from newest
    left join invoices
        on invoices.invoice_id = case when newest.kind like 'invoice%' then newest.holder_id else newest.invoice_id end
    where
        newest.is_document and case newest.kind
            when 'invoice' then newest.state in ('open', 'paid')
            when 'invoice_summary' then newest.state in ('open', 'paid') and invoices.is_of_api = 0
            when 'credit_note' then newest.state = 'issued' and coalesce(invoices.state, 'paid') in ('open', 'paid')
            when 'payment' then invoices.invoice_id is null
        end
),

prices as (
    select
        price_id,
        max(plan_name) as plan_name,
        max(price_feature_id) as feature_id
    from records
    group by 1
),

subscriptions as (
    select
        holder_id,
        max(holder_customer_id) as customer_id
    from records
    where kind = 'subscription'
    group by 1
),

parts as (
    -- what is credited is taken back from where the credited line is
    select
        {{ for_each(['document_id', 'line_amount', 'input_id', 'record_number'], 'lines.@') }},
        {{ for_each(of_line + ['period_start', 'period_end'], 'coalesce(lines.@, credited.@) as @') }}
    from newest as lines
    left join newest as credited
        on lines.invoice_line_id = credited.line_id and credited.is_line and credited.line_object = 'line_item'
    where lines.is_line and lines.line_amount is not null
    union all
    select
        document_id,
        max(case when is_document then total_amount end) - coalesce(sum(case when is_line then line_amount end), 0)
            as line_amount,
        max(case when is_document and total_amount is not null then input_id end) as input_id,
        max(case when is_document and total_amount is not null then -record_number end) as record_number,
        {{ for_each(of_line, 'max(case when report is not null and is_document then @ end) as @') }},
        min(case when is_line then period_start end) as period_start,
        max(case when is_line then period_end end) as period_end
    from newest
    group by 1
    having max(case when is_document then total_amount end) <> coalesce(sum(case when is_line then line_amount end), 0)
),

earned as (
    select
        parts.*,
        {{ for_each(of_document, 'documents.@') }},
        case when documents.kind like 'invoice%' then documents.holder_id else documents.invoice_id end as invoice_id,
        subscriptions.customer_id as subscribed_customer_id,
        prices.plan_name as price_name,
        prices.feature_id as sold_feature_id,
        case when documents.report is null then {{ whole }} else parts.line_amount end as amount,
        cast(coalesce(parts.period_start, documents.effective_at, documents.created) as date) as service_start_date,
        cast(parts.period_end as date) as period_end_date
    from documents
    inner join parts on documents.document_id = parts.document_id
    left join prices on parts.price_id = prices.price_id
    left join subscriptions on coalesce(parts.subscription_id, documents.of_subscription_id) = subscriptions.holder_id
)

select
    'stripe' as source_id,
    coalesce(line_customer_id, of_holder_customer_id, subscribed_customer_id, of_customer, '(unattributed)')
        as customer_id,
    coalesce(plan_name, price_name, price_id) as plan_id,
    coalesce(feature_id, price_feature_id, sold_feature_id) as feature_id,
    case when kind = 'credit_note' then -amount else amount end as amount,
    currency,
    service_start_date,
    -- exclusive; a period within a day is that day
    greatest(period_end_date, cast(service_start_date + interval '1' day as date)) as service_end_date,
    invoice_id,
    of_origin_invoice_id as linked_invoice_id,
    input_id,
    record_number
from earned
