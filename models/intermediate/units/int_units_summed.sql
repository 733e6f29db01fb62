-- grain: one row per unit, dimension (company, feature, customer, plan), member and month
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_unit_months() }}') }}
-- Means are over units; the median and the 95th hundredth over what makes one (a conversation, a trace, …): the least
-- value that so many do not exceed.
{% set parts = unit_parts() %}
{% set dimensions = {'company': "'(all)'", 'feature': 'feature_id', 'customer': 'customer_id', 'plan': 'plan_id'} %}
{% set counts = [
    'unit_count', 'known_outcome_count', 'success_count', 'turn_count', 'request_count', 'unpriced_request_count',
    'own_request_count', 'own_unpriced_request_count'
] %}
{% set by_dimension %}
    {% for dimension, id in dimensions.items() %}
        select
            '{{ dimension }}' as dimension,
            {{ id }} as id,
            *
        from #
        {{ 'union all' if not loop.last }}
    {% endfor %}
{% endset %}
with summed as (

    select
        unit_id,
        month,
        feature_id,
        customer_id,
        plan_id,
        {{ for_each(counts, 'sum(@) as @') }},
        sum(cost_usd) as cost_usd,
        sum(own_cost_usd) as own_cost_usd,
        {{ for_each(parts, 'sum(@_cost_usd) as @_cost_usd') }},
        sum(case when known_outcome_count > 0 then cost_usd else 0 end) as known_outcome_cost_usd
    from {{ ref('int_units_costed') }}
    group by 1, 2, 3, 4, 5

),

members as (

    {{ by_dimension | replace('#', 'summed') }}

),

made as (

    select
        unit_id,
        month,
        feature_id,
        customer_id,
        plan_id,
        {{ unit_cost('cost_usd', 'unit_count') }} as unit_cost_usd
    from {{ ref('int_units_costed') }}
    where instance_id <> '(unlinked)' and unit_count > 0

),

samples as (

    {{ by_dimension | replace('#', 'made') }}

),

{{ percentiles('samples', ['dimension', 'id', 'unit_id', 'month'], 'unit_cost_usd', [50, 95]) }}

select
    members.unit_id,
    members.dimension,
    members.id,
    members.month,
    {{ for_each(counts, 'cast(sum(members.@) as bigint) as @') }},
    cast(coalesce(max(percentiles.value_count), 0) as bigint) as sample_size,
    cast(sum(members.cost_usd) as decimal(38, 12)) as cost_usd,
    cast(sum(members.own_cost_usd) as decimal(38, 12)) as own_cost_usd,
    {{ for_each(parts, 'cast(sum(members.@_cost_usd) as decimal(38, 12)) as @_cost_usd') }},
    cast(sum(members.known_outcome_cost_usd) as decimal(38, 12)) as known_outcome_cost_usd,
    max(percentiles.p50) as median_cost_usd,
    max(percentiles.p95) as p95_cost_usd
from members
left join percentiles
    on
        members.dimension = percentiles.dimension
        and members.id = percentiles.id
        and members.unit_id = percentiles.unit_id
        and members.month = percentiles.month
group by 1, 2, 3, 4
