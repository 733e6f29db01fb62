-- grain: one row per provider's day, source, account, project, model, tier and component of calls
{{ config(materialized='table') }}
-- The narrowest cell that the bill has for them. Where none of the bill's lines fits, the status says why, and what the
-- calls cost stays an estimate.
with cells as (

    select
        provider_id,
        billing_month,
        billing_account_id,
        project_id,
        model_id,
        component,
        max(case when is_monthly then 1 else 0 end) = 1 as is_monthly,
        max(billed_through_date) as billed_through_date
    from {{ ref('int_billed_cells') }}
    group by 1, 2, 3, 4, 5, 6

),

billed_models as (

    select distinct
        provider_id,
        billing_month,
        billing_account_id,
        project_id,
        model_id
    from cells

),

placed as (

    select
        rated.*,
        accounts.billing_account_id,
        accounts.project_id,
        models.model_key,
        {% set cells = ['exact', 'of_model', 'of_component', 'of_all'] -%}
        coalesce({{ for_each(cells, '@.model_id') }}, billed_models.model_id) as cell_model,
        coalesce({{ for_each(cells, '@.component') }}, rated.component) as cell_component,
        coalesce({{ for_each(cells, '@.is_monthly') }}, false) as is_monthly,
        coalesce({{ for_each(cells, '@.billed_through_date') }}, ends.billed_through_date) as billed_through_date
    from {{ ref('int_usage_by_component') }} as rated
    left join {{ ref('int_accounts_matched') }} as accounts
        on
            rated.provider_id = accounts.provider_id
            and rated.billing_month = accounts.billing_month
            and rated.called_account_id = accounts.called_account_id
            and rated.called_project_id = accounts.called_project_id
    left join {{ ref('int_model_keys') }} as models
        on rated.provider_id = models.provider_id and rated.called_model_id = models.model_id
    {% for alias, model, component in [
        ('exact', 'models.model_key', 'rated.component'),
        ('of_model', 'models.model_key', "'(all)'"),
        ('of_component', "'(other)'", 'rated.component'),
        ('of_all', "'(other)'", "'(all)'"),
    ] -%}
        left join cells as {{ alias }}
            on
                accounts.provider_id = {{ alias }}.provider_id
                and accounts.billing_month = {{ alias }}.billing_month
                and accounts.billing_account_id = {{ alias }}.billing_account_id
                and accounts.project_id = {{ alias }}.project_id
                and {{ model }} = {{ alias }}.model_id
                and {{ component }} = {{ alias }}.component
    {% endfor -%}
    left join billed_models
        on
            accounts.provider_id = billed_models.provider_id
            and accounts.billing_month = billed_models.billing_month
            and accounts.billing_account_id = billed_models.billing_account_id
            and accounts.project_id = billed_models.project_id
            and models.model_key = billed_models.model_id
    left join (
        select
            provider_id,
            billing_month,
            billing_account_id,
            max(billed_through_date) as billed_through_date
        from cells
        group by 1, 2, 3
    ) as ends
        on
            accounts.provider_id = ends.provider_id
            and accounts.billing_month = ends.billing_month
            and accounts.billing_account_id = ends.billing_account_id

)

select
    billing_date,
    billing_month,
    source_id,
    provider_id,
    called_account_id,
    called_project_id,
    called_model_id,
    service_tier,
    component,
    coalesce(billing_account_id, nullif(called_account_id, ''), '(unknown)') as billing_account_id,
    coalesce(project_id, '(all)') as project_id,
    coalesce(cell_model, model_key) as model_id,
    cell_component,
    case when is_monthly then billing_month else billing_date end as cell_date,
    case
        when billing_account_id is null then 'no_bill'
        when billing_date > billed_through_date and not is_monthly then 'not_billed_yet'
        when cell_model is null then 'not_on_the_bill'
        else 'billed'
    end as billing_status,
    sum(request_count) as request_count,
    sum(unpriced_request_count) as unpriced_request_count,
    cast(sum(cost_usd) as decimal(38, 12)) as cost_usd,
    cast(sum(quantity) as decimal(38, 0)) as quantity
from placed
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
