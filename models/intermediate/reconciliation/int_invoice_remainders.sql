-- grain: one row per model call that takes what rounding left over of a cell
{{ config(materialized='table') }}
-- depends_on: {{ ref('int_remainders_before') }}
-- The calls of a cell, each rounded, come to a little more or less than is due: the rest goes to one call of the day
-- with the most, so that they are the bill to the last digit.
{% set cell = 'partition by cells.provider_id, cells.billing_month, cells.billing_account_id, cells.project_id, '
    ~ 'cells.model_id, cells.component, cells.cell_date' %}
with invoiced as (

    {% for component in usage_components() -%}
        select
            billing_date,
            usage_date,
            source_id,
            provider_id,
            called_account_id,
            called_project_id,
            called_model_id,
            request_id,
            '{{ component }}' as component,
            {{ component }}_invoiced_usd as invoiced_usd
        from {{ ref('int_invoiced_daily') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

placed as (

    select distinct
        billing_date,
        provider_id,
        called_account_id,
        called_project_id,
        called_model_id,
        component,
        billing_month,
        billing_account_id,
        project_id,
        model_id,
        cell_component,
        cell_date
    from {{ ref('int_usage_in_cells') }}
    where billing_status = 'billed'

),

in_cells as (

    select
        cells.due_usd,
        invoiced.source_id,
        invoiced.request_id,
        invoiced.usage_date,
        sum(invoiced.invoiced_usd) over ({{ cell }}) as cell_invoiced_usd,
        row_number() over (
            {{ cell }} order by
                abs(invoiced.invoiced_usd) desc, invoiced.source_id asc, invoiced.request_id asc, invoiced.component asc
        ) as size_rank
    from invoiced
    inner join placed
        on
            {{ for_each([
                'billing_date', 'provider_id', 'called_account_id', 'called_project_id', 'called_model_id', 'component'
            ], 'invoiced.@ = placed.@', ' and ') }}
    inner join {{ ref('int_cells_reconciled') }} as cells
        on
            placed.provider_id = cells.provider_id
            and placed.billing_month = cells.billing_month
            and placed.billing_account_id = cells.billing_account_id
            and placed.project_id = cells.project_id
            and placed.model_id = cells.model_id
            and placed.cell_component = cells.component
            and placed.cell_date = cells.cell_date
            and cells.has_requests
            and (cells.cost_factor is not null or cells.block_price_usd is not null)

)

select
    source_id,
    request_id,
    max(usage_date) as usage_date,
    cast(sum(due_usd - cell_invoiced_usd) as decimal(38, 12)) as remainder_usd
from in_cells
where size_rank = 1 and due_usd <> cell_invoiced_usd
group by 1, 2
