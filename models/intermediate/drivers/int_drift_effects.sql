-- grain: one row per drift: what the week to its last day cost, and the week four weeks before, and why
{{ config(materialized='table') }}
{% set measures = effect_measures() | reject('equalto', 'cost_usd') | list %}
{% set models = effect_leaf()[3:] %}
with sided as (

    select
        drifts.anomaly_id,
        case when {{ day_number('drivers.usage_date') }} > {{ day_number('drifts.last_date') }} - 7 then 1 else 0 end
            as side,
        drivers.feature_id,
        '(all)' as customer_id,
        drivers.workload,
        {{ for_each(models, 'drivers.@') }},
        {{ for_each(measures, 'drivers.@') }},
        drivers.contracted_cost_usd as cost_usd
    from {{ ref('int_drifts') }} as drifts
    inner join {{ ref('int_drivers_daily') }} as drivers
        on
            drifts.feature_id = drivers.feature_id
            and drifts.workload = drivers.workload
            and (
                {{ day_number('drifts.last_date') }} - {{ day_number('drivers.usage_date') }} between 0 and 6
                or {{ day_number('drifts.last_date') }} - {{ day_number('drivers.usage_date') }} between 28 and 34
            )

),

{{ effects_of_calls('sided', ['anomaly_id']) }},

summed as (

    select
        anomaly_id,
        sum(after_usd) as actual_usd,
        {{ for_each(call_effects(), 'sum(@_effect_usd) as @_effect_usd') }}
    from effects
    group by 1

)

select
    summed.*,
    drifts.driver
from summed
inner join {{ ref('int_drifts') }} as drifts on summed.anomaly_id = drifts.anomaly_id
-- what days that stood out have told is told
left join {{ ref('int_anomaly_days') }} as days
    on
        drifts.feature_id = days.feature_id
        and drifts.workload = days.workload
        and drifts.driver = days.driver
        and days.usage_date between drifts.started_date - interval 7 day and drifts.started_date
-- of a week
where
    days.usage_date is null
    and {{ var('anomaly_floor_usd') }} * 7 <= {{ effect_of_driver('drifts.driver', 'summed') }}
