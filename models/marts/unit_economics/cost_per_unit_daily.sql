-- grain: one row per unit, day on which it began, feature, customer and plan; additive over any filter
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_unit_months("date_trunc(\'month\', usage_date)") }}',
) }}
{% set parts = unit_parts() %}
{% set charged = charged_for_units('sum(unit_count)', 'min(price_usd)') %}
select
    costed.unit_id,
    costed.first_date as usage_date,
    costed.feature_id,
    costed.customer_id,
    costed.plan_id,
    {{ for_each(
        [
            'unit_count', 'known_outcome_count', 'success_count', 'turn_count', 'request_count',
            'unpriced_request_count'
        ],
        'cast(sum(@) as bigint) as @'
    ) }},
    cast(sum(cost_usd) as decimal(38, 12)) as cost_usd,
    {{ for_each(parts, 'cast(sum(@_cost_usd) as decimal(38, 12)) as @_cost_usd') }},
    cast(sum(own_cost_usd) as decimal(38, 12)) as own_cost_usd,
    {{ charged }} as revenue_usd,
    cast({{ charged }} - sum(own_cost_usd) as decimal(38, 12)) as contribution_usd
from {{ ref('int_units_costed') }} as costed
inner join {{ ref('units') }} as units on costed.unit_id = units.unit_id
group by 1, 2, 3, 4, 5
