-- grain: one row per action that is done, month from then on and comparison: what cost differs by, and why
{{ config(materialized='table') }}
{% set measures = effect_measures() | reject('equalto', 'cost_usd') | list %}
{% set models = effect_leaf()[3:] %}
{% set action = ['strategy', 'done_date', 'feature_id', 'workload'] %}
-- `action`: the month beside what as many first calls would have cost as calls did in the four weeks before. `usual`:
-- those four weeks beside the four before them, as large: what moves without the action. At contracted prices: what
-- bills said of the past and not yet of today is no change.
with done as (

    select
        feature_id,
        strategy,
        decided_date as done_date
    from {{ ref('savings_register') }}
    where state = 'done' and decided_date is not null

),

staged as (

    select
        done.strategy,
        done.done_date,
        drivers.*,
        cast(date_trunc('month', drivers.usage_date) as date) as month,
        case
            when drivers.usage_date >= done.done_date then 0
            when {{ day_number('done.done_date') }} - {{ day_number('drivers.usage_date') }} <= 28 then 1
            else 2
        end as weeks_before
    from done
    inner join {{ ref('int_drivers_daily') }} as drivers on done.feature_id = drivers.feature_id
    where {{ day_number('done.done_date') }} - {{ day_number('drivers.usage_date') }} <= 56

),

months as (

    select
        {{ for_each(action, '@') }},
        month,
        sum(request_count - retry_count) as first_call_count
    from staged
    where weeks_before = 0
    group by 1, 2, 3, 4, 5

),

befores as (

    select
        {{ for_each(action, '@') }},
        weeks_before,
        sum(request_count - retry_count) as first_call_count
    from staged
    where weeks_before > 0
    group by 1, 2, 3, 4, 5

),

scaled as (

    select
        {{ for_each(action, 'months.@') }},
        months.month,
        befores.weeks_before,
        {{ ratio('months.first_call_count', 'befores.first_call_count') }} as scale
    from months
    inner join befores on {{ for_each(action, 'months.@ = befores.@', ' and ') }}
    where befores.first_call_count > 0

),

sided as (

    {% for comparison, before in {'action': 1, 'usual': 2}.items() %}
        select
            '{{ comparison }}' as comparison,
            staged.strategy,
            staged.done_date,
            scaled.month,
            case when staged.weeks_before = {{ before }} then 0 else 1 end as side,
            staged.feature_id,
            '(all)' as customer_id,
            staged.workload,
            {{ for_each(models, 'staged.@') }},
            {{ for_each(measures, 'cast(staged.@ as double) * scaled.scale as @') }},
            cast(staged.contracted_cost_usd as double) * scaled.scale as cost_usd
        from staged
        inner join scaled
            on {{ for_each(action + ['weeks_before'], 'staged.@ = scaled.@', ' and ') }}
        where staged.weeks_before in ({{ before }}, {{ before - 1 }})
        union all
    {% endfor %}
    select
        'action' as comparison,
        strategy,
        done_date,
        month,
        1 as side,
        feature_id,
        '(all)' as customer_id,
        workload,
        {{ for_each(models, '@') }},
        {{ for_each(measures, 'cast(@ as double) as @') }},
        cast(contracted_cost_usd as double) as cost_usd
    from staged
    where weeks_before = 0

),

{{ effects_of_calls('sided', ['comparison', 'strategy', 'done_date', 'month']) }}

select
    comparison,
    strategy,
    done_date,
    month,
    feature_id,
    sum(before_usd) as before_usd,
    sum(after_usd) as after_usd,
    {{ for_each(call_effects(), 'sum(@_effect_usd) as @_effect_usd') }}
from effects
group by 1, 2, 3, 4, 5
