-- grain: one row per invoice, account, project, model, component and day (or month) that use was billed for
{{ config(materialized='table') }}
-- Calls have no invoice: of several with the same cell, they are held against the one that bills the most (`is_main`).
with summed as (

    select
        provider_id,
        billing_month,
        billing_account_id,
        project_id,
        invoice_id,
        billing_currency,
        model_id,
        component,
        cell_date,
        is_monthly,
        has_tiers,
        billed_through_date,
        cast(count(*) as bigint) as line_count,
        -- unknown where a line does not tell it
        case when count(quantity) = count(*) then cast(sum(quantity) as decimal(26, 6)) end as quantity,
        cast(sum(effective_cost) as decimal(38, 12)) as effective_cost,
        cast(sum(effective_cost_usd) as decimal(38, 12)) as effective_cost_usd,
        cast(sum(contracted_cost_usd) as decimal(38, 12)) as contracted_cost_usd,
        cast(sum(rounding_tolerance) as decimal(38, 12)) as rounding_tolerance
    from {{ ref('int_billed_use') }}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12

)

select
    *,
    row_number() over (
        partition by provider_id, billing_month, billing_account_id, project_id, model_id, component, cell_date
        order by abs(effective_cost_usd) desc, invoice_id asc, billing_currency asc
    ) = 1 as is_main
from summed
