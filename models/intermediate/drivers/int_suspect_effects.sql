-- grain: one row per suspect day, feature and workload: what cost that day and was expected to, and why
{{ config(materialized='table') }}
{% set measures = effect_measures() | reject('equalto', 'cost_usd') | list %}
{% set models = effect_leaf()[3:] %}
-- At contracted prices: what bills said of the past and not yet of today is no change.
with sided as (

    select
        usual_days.anomaly_date,
        0 as side,
        drivers.feature_id,
        '(all)' as customer_id,
        drivers.workload,
        {{ for_each(models, 'drivers.@') }},
        {{ for_each(measures, 'cast(drivers.@ as double) * usual_days.scale as @') }},
        cast(drivers.contracted_cost_usd as double) * usual_days.scale as cost_usd
    from {{ ref('int_usual_days') }} as usual_days
    inner join {{ ref('int_drivers_daily') }} as drivers
        on
            usual_days.usage_date = drivers.usage_date
            and usual_days.feature_id = drivers.feature_id
            and usual_days.workload = drivers.workload
    union all
    select
        suspects.usage_date as anomaly_date,
        1 as side,
        drivers.feature_id,
        '(all)' as customer_id,
        drivers.workload,
        {{ for_each(models, 'drivers.@') }},
        {{ for_each(measures, 'cast(drivers.@ as double) as @') }},
        cast(drivers.contracted_cost_usd as double) as cost_usd
    from {{ ref('int_suspect_days') }} as suspects
    inner join {{ ref('int_drivers_daily') }} as drivers
        on
            suspects.usage_date = drivers.usage_date
            and suspects.feature_id = drivers.feature_id
            and suspects.workload = drivers.workload

),

{{ effects_of_calls('sided', ['anomaly_date']) }}

select
    anomaly_date as usage_date,
    feature_id,
    workload,
    sum(before_usd) as expected_usd,
    sum(after_usd) as actual_usd,
    {{ for_each(call_effects(), 'sum(@_effect_usd) as @_effect_usd') }}
from effects
group by 1, 2, 3
