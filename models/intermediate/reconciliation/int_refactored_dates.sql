-- grain: one row per UTC day whose calls are new, or cost another amount by the bill
{{ config(materialized='table') }}
{% set factors = for_each_component('@_factor, @_block_price_usd') %}
{% set of_cells = 'provider_id, called_account_id, called_project_id, called_model_id, billing_date, ' ~ factors %}
select usage_date from {{ ref('int_touched_dates') }}
union
select usage.usage_date
from {{ ref('int_usage_rated_daily') }} as usage
inner join {{ changed_rows(ref('int_reconciliation_factors'), ref('int_factors_before'), of_cells) }} as changed
    on usage.provider_id = changed.provider_id and usage.billing_date = changed.billing_date
