-- grain: one row per provider, month of its calendar, and account and project that calls name
{{ config(materialized='table') }}
-- A bill is told apart by project where all of it is, and at least half of the calls name a project that is on it.
with accounts as (

    select
        provider_id,
        billing_month,
        billing_account_id,
        count(*) = count(sub_account_id) as is_by_project
    from {{ ref('int_billed_lines') }}
    where line_class = 'usage'
    group by 1, 2, 3

),

projects as (

    select distinct
        provider_id,
        billing_month,
        billing_account_id,
        sub_account_id
    from {{ ref('int_billed_lines') }}
    where line_class = 'usage' and sub_account_id is not null

),

in_projects as (

    select
        callers.*,
        coalesce(accounts.is_by_project, false) as is_by_project,
        coalesce(callers.named_project_id, projects.sub_account_id) as project_id
    from {{ ref('int_accounts_on_bills') }} as callers
    left join accounts
        on
            callers.provider_id = accounts.provider_id
            and callers.billing_month = accounts.billing_month
            and callers.billing_account_id = accounts.billing_account_id
    left join projects
        on
            callers.provider_id = projects.provider_id
            and callers.billing_month = projects.billing_month
            and callers.billing_account_id = projects.billing_account_id
            and callers.called_project_id = projects.sub_account_id

),

shared as (

    select
        *,
        is_by_project and 2 * sum(case when project_id is null then 0 else request_count end) over (
            partition by provider_id, billing_month, billing_account_id
        ) >= sum(request_count) over (partition by provider_id, billing_month, billing_account_id) as has_projects
    from in_projects

)

select
    provider_id,
    billing_month,
    called_account_id,
    called_project_id,
    billing_account_id,
    has_projects and billing_account_id is not null as has_projects,
    case when has_projects then coalesce(project_id, '(unknown)') else '(all)' end as project_id
from shared
