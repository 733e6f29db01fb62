-- grain: one row per unit, dimension (company, feature, customer, plan), member and month
{{ config(materialized='table') }}
-- Means are over units; the median and the 95th hundredth over what makes one (a conversation, a trace, …): the least
-- value that so many do not exceed.
{% set parts = unit_parts() %}
{% set dimensions = {'company': "'(all)'", 'feature': 'feature_id', 'customer': 'customer_id', 'plan': 'plan_id'} %}
{% set counts = [
    'unit_count', 'known_outcome_count', 'success_count', 'turn_count', 'request_count', 'unpriced_request_count'
] %}
with members as (

    {% for dimension, id in dimensions.items() %}
        select
            '{{ dimension }}' as dimension,
            {{ id }} as id,
            unit_id,
            month,
            {{ for_each(counts, '@') }},
            cost_usd,
            {{ for_each(parts, '@_cost_usd') }},
            case when known_outcome_count > 0 then cost_usd else 0 end as known_outcome_cost_usd,
            case
                when instance_id <> '(unlinked)' and unit_count > 0 then {{ unit_cost('cost_usd', 'unit_count') }}
            end as unit_cost_usd
        from {{ ref('int_units_costed') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    unit_id,
    dimension,
    id,
    month,
    {{ for_each(counts, 'cast(sum(@) as bigint) as @') }},
    cast(count(unit_cost_usd) as bigint) as sample_size,
    cast(sum(cost_usd) as decimal(38, 12)) as cost_usd,
    {{ for_each(parts, 'cast(sum(@_cost_usd) as decimal(38, 12)) as @_cost_usd') }},
    cast(sum(known_outcome_cost_usd) as decimal(38, 12)) as known_outcome_cost_usd,
    {{ percentile_disc('unit_cost_usd', 50) }} as median_cost_usd,
    {{ percentile_disc('unit_cost_usd', 95) }} as p95_cost_usd
from members
group by 1, 2, 3, 4
