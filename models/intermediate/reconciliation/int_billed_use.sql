-- grain: one row per billing line of use, with the cell of the reconciliation that it is in
{{ config(materialized='table') }}
-- As narrow as the bill tells it: `(other)` is use whose model no line tells, `(all)` use whose kind none tells. A
-- model's component is billed by the day where every line of it covers one day, else by the month.
with by_project as (

    select distinct
        provider_id,
        billing_month,
        billing_account_id
    from {{ ref('int_accounts_matched') }}
    where has_projects

),

lines as (

    select
        lines.*,
        case when by_project.provider_id is null then '(all)' else lines.sub_account_id end as project_id,
        coalesce(lines.model_key, '(other)') as cell_model,
        coalesce(lines.component, '(all)') as cell_component,
        lines.first_date = lines.last_date as is_daily
    from {{ ref('int_billed_lines') }} as lines
    left join by_project
        on
            lines.provider_id = by_project.provider_id
            and lines.billing_month = by_project.billing_month
            and lines.billing_account_id = by_project.billing_account_id
    where lines.line_class = 'usage'

),

spans as (

    select
        *,
        min(case when is_daily then 1 else 0 end) over (
            partition by provider_id, billing_month, billing_account_id, project_id, cell_model, cell_component
        ) = 0 as is_monthly,
        max(last_date) over (partition by provider_id, billing_month, billing_account_id) as billed_through_date,
        max(case when service_tier <> 'standard' then 1 else 0 end) over (
            partition by provider_id, billing_month, billing_account_id
        ) = 1 as has_tiers
    from lines

)

select
    charge_id,
    provider_id,
    billing_month,
    billing_account_id,
    project_id,
    invoice_id,
    billing_currency,
    cell_model as model_id,
    cell_component as component,
    is_monthly,
    has_tiers,
    billed_through_date,
    case when is_monthly then billing_month else first_date end as cell_date,
    service_tier,
    quantity,
    effective_cost,
    effective_cost_usd,
    contracted_cost_usd,
    rounding_tolerance
from spans
