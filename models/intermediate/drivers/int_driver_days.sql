-- grain: one row per UTC day, feature and workload, from its first call on, days without calls included
{{ config(materialized='table') }}
{% set kinds = priced_tokens() %}
{% set before = 'sum(@) over (partition by feature_id, workload, model_tier order by usage_date
    rows between 28 preceding and 1 preceding) as before_@' %}
-- Index numbers tell a dearer mix of models from dearer prices, against the four weeks before: the mix is what a call
-- would cost if models cost what they did, the price what these tokens cost against what they would have.
with trailed as (

    select
        *,
        {{ for_each(['request_count', 'cost_usd'] + kinds.values() | list, before) }},
        {{ for_each(kinds, before | replace('@', '@_cost_usd')) }}
    from {{ ref('int_model_days') }}

),

indexed as (

    select
        *,
        coalesce(before_cost_usd / nullif(before_request_count, 0), cost_usd / nullif(request_count, 0)) as usual_cost,
        {% for kind, tokens in kinds.items() %}
            {{ tokens }} * coalesce(
                before_{{ kind }}_cost_usd / nullif(before_{{ tokens }}, 0),
                {{ kind }}_cost_usd / nullif({{ tokens }}, 0),
                0
            )
            {{ '+' if not loop.last }}
        {% endfor %} as cost_at_usual_prices,
        {{ for_each(kinds, '@_cost_usd', ' + ') }} as cost_of_tokens
    from trailed

),

totals as (

    select
        usage_date,
        feature_id,
        workload,
        {{ for_each(driver_sums(), 'sum(@) as @') }},
        sum(request_count * coalesce(usual_cost, 0)) / nullif(sum(request_count), 0)
        / nullif(sum(before_request_count * coalesce(usual_cost, 0)) / nullif(sum(before_request_count), 0), 0)
            as mix_index,
        sum(cost_of_tokens) / nullif(sum(cost_at_usual_prices), 0) as price_index
    from indexed
    group by 1, 2, 3

),

-- what logs, traces and their keeping cost, of charges that a pool spreads
logging as (

    select
        costs.usage_date,
        costs.feature_id,
        costs.workload,
        cast(sum(costs.allocated_cost_usd) as double) as observability_cost_usd
    from {{ ref('allocated_costs') }} as costs
    inner join {{ ref('allocation_rules') }} as rules on costs.rule_number = rules.rule_number
    where rules.charge_kind = 'observability' and costs.allocation_status = 'allocated'
    group by 1, 2, 3

)

select
    totals.*,
    callers.caller_divergence,
    logging.observability_cost_usd
from totals
left join logging
    on
        totals.usage_date = logging.usage_date
        and totals.feature_id = logging.feature_id
        and totals.workload = logging.workload
left join {{ ref('int_caller_mix_daily') }} as callers
    on
        totals.usage_date = callers.usage_date
        and totals.feature_id = callers.feature_id
        and totals.workload = callers.workload
