-- grain: one row per account, project and model that calls name, and day of the provider's billing calendar
{{ config(materialized='table') }}
-- depends_on: {{ ref('int_factors_before') }}
-- What a component of these calls costs by the bill: its rated cost × the factor, or its quantity × the block price.
select
    usage.provider_id,
    usage.called_account_id,
    usage.called_project_id,
    usage.called_model_id,
    usage.billing_date,
    {{ for_each_component("max(case when usage.component = '@' then cells.cost_factor end) as @_factor") }},
    {{ for_each_component(
        "max(case when usage.component = '@' then cells.block_price_usd end) as @_block_price_usd"
    ) }}
from {{ ref('int_usage_in_cells') }} as usage
inner join {{ ref('int_cells_reconciled') }} as cells
    on
        usage.provider_id = cells.provider_id
        and usage.billing_month = cells.billing_month
        and usage.billing_account_id = cells.billing_account_id
        and usage.project_id = cells.project_id
        and usage.model_id = cells.model_id
        and usage.cell_component = cells.component
        and usage.cell_date = cells.cell_date
where
    usage.billing_status = 'billed'
    and cells.has_requests
    and (cells.cost_factor is not null or cells.block_price_usd is not null)
group by 1, 2, 3, 4, 5
