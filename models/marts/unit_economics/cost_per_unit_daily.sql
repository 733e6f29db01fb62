-- grain: one row per unit, day on which it began, feature, customer and plan; additive over any filter
{% set parts = unit_parts() %}
select
    unit_id,
    first_date as usage_date,
    feature_id,
    customer_id,
    plan_id,
    {{ for_each(
        [
            'unit_count', 'known_outcome_count', 'success_count', 'turn_count', 'request_count',
            'unpriced_request_count'
        ],
        'cast(sum(@) as bigint) as @'
    ) }},
    cast(sum(cost_usd) as decimal(38, 12)) as cost_usd,
    {{ for_each(parts, 'cast(sum(@_cost_usd) as decimal(38, 12)) as @_cost_usd') }}
from {{ ref('int_units_costed') }}
group by 1, 2, 3, 4, 5
