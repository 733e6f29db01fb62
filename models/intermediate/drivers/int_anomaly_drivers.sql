-- grain: one row per anomaly and driver that was unusual, or drifted
{{ config(materialized='table') }}
select
    episodes.anomaly_id,
    days.driver,
    max(days.deviation_sigmas) as deviation_sigmas,
    min(days.history_days) as history_days,
    cast(null as double) as times_before
from {{ ref('int_anomaly_episodes') }} as episodes
inner join {{ ref('int_anomaly_days') }} as days
    on
        episodes.usage_date = days.usage_date
        and episodes.feature_id = days.feature_id
        and episodes.workload = days.workload
group by 1, 2
union all
select
    drifts.anomaly_id,
    drifts.driver,
    drifts.deviation_sigmas,
    baselines.history_days,
    drifts.times_before
from {{ ref('int_drifts') }} as drifts
inner join {{ ref('int_drift_effects') }} as effects on drifts.anomaly_id = effects.anomaly_id
inner join {{ ref('int_driver_baselines') }} as baselines
    on
        drifts.started_date = baselines.usage_date
        and drifts.feature_id = baselines.feature_id
        and drifts.workload = baselines.workload
        and drifts.driver = baselines.driver
