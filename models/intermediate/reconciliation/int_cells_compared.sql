-- grain: one row per cell: use that was billed, or that calls of a billed account are on the bill with
{{ config(materialized='table') }}
-- What calls were rated at beside what was billed. Calls without a line are on the invoice that bills the most.
{% set key = cell_key() %}
{% set month = 'over (partition by ' ~ key[:-1] | join(', ') ~ ')' %}
with rated as (

    select
        provider_id,
        billing_month,
        billing_account_id,
        project_id,
        model_id,
        cell_component as component,
        cell_date,
        sum(unpriced_request_count) as unpriced_request_count,
        cast(coalesce(sum(cost_usd), 0) as decimal(38, 12)) as rated_cost_usd,
        cast(sum(quantity) as decimal(38, 0)) as rated_quantity
    from {{ ref('int_usage_in_cells') }}
    where billing_status = 'billed'
    group by 1, 2, 3, 4, 5, 6, 7

),

invoices as (

    select
        provider_id,
        billing_month,
        billing_account_id,
        invoice_id,
        billing_currency,
        row_number() over (
            partition by provider_id, billing_month, billing_account_id
            order by sum(abs(effective_cost_usd)) desc, invoice_id asc, billing_currency asc
        ) as invoice_rank
    from {{ ref('int_billed_cells') }}
    group by 1, 2, 3, 4, 5

),

compared as (

    select
        {{ for_each(key, 'coalesce(billed.@, rated.@) as @') }},
        coalesce(billed.invoice_id, invoices.invoice_id) as invoice_id,
        coalesce(billed.billing_currency, invoices.billing_currency) as billing_currency,
        coalesce(billed.is_monthly, false) as is_monthly,
        rated.provider_id is not null as has_requests,
        billed.provider_id is not null as has_charges,
        coalesce(rated.unpriced_request_count, 0) as unpriced_request_count,
        coalesce(rated.rated_cost_usd, 0) as rated_cost_usd,
        case when rated.provider_id is null then 0 else rated.rated_quantity end as rated_quantity,
        case when billed.provider_id is null then 0 else billed.quantity end as billed_quantity,
        coalesce(billed.effective_cost, 0) as billed_cost,
        coalesce(billed.effective_cost_usd, 0) as billed_cost_usd,
        coalesce(billed.contracted_cost_usd, 0) as contracted_cost_usd,
        coalesce(billed.rounding_tolerance, 0) as rounding_tolerance,
        coalesce(billed.line_count, 0) as line_count
    from {{ ref('int_billed_cells') }} as billed
    full join rated
        on
            billed.is_main
            and {{ for_each(key, 'billed.@ = rated.@', ' and ') }}
    left join invoices
        on
            rated.provider_id = invoices.provider_id
            and rated.billing_month = invoices.billing_month
            and rated.billing_account_id = invoices.billing_account_id
            and invoices.invoice_rank = 1

)

select
    *,
    {{ in_blocks('rated_quantity', 'component') }} as rated_blocks,
    {{ in_blocks('billed_quantity', 'component') }} as billed_blocks,
    -- what one cost over the month: of a day without calls, the price of its use
    {{ exact_quotient(
        'cast(sum(rated_cost_usd) ' ~ month ~ ' as decimal(38, 12))',
        in_blocks('sum(rated_quantity) ' ~ month, 'component')
    ) }} as usual_price_usd
from compared
