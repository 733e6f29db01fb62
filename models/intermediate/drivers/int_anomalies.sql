-- grain: one row per anomaly of drivers: days beyond the limits, or a drift; what was, what cost, and why
{{ config(materialized='table') }}
with episodes as (

    select
        episodes.anomaly_id,
        'drivers' as kind,
        episodes.feature_id,
        episodes.workload,
        min(episodes.usage_date) as started_date,
        max(episodes.usage_date) as last_date,
        cast(count(*) as bigint) as day_count,
        sum(effects.actual_usd) as actual_usd,
        {{ for_each(call_effects(), 'sum(effects.@_effect_usd) as @_effect_usd') }}
    from {{ ref('int_anomaly_episodes') }} as episodes
    inner join {{ ref('int_suspect_effects') }} as effects
        on
            episodes.usage_date = effects.usage_date
            and episodes.feature_id = effects.feature_id
            and episodes.workload = effects.workload
    group by 1, 2, 3, 4

)

select * from episodes
union all
select
    drifts.anomaly_id,
    'drift' as kind,
    drifts.feature_id,
    drifts.workload,
    drifts.started_date,
    drifts.last_date,
    drifts.day_count,
    effects.actual_usd,
    {{ for_each(call_effects(), 'effects.@_effect_usd') }}
from {{ ref('int_drifts') }} as drifts
inner join {{ ref('int_drift_effects') }} as effects on drifts.anomaly_id = effects.anomaly_id
