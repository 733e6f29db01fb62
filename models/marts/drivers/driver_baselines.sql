-- grain: one row per UTC day, feature, workload and driver that has a value
{{ config(materialized='view') }}
select
    usage_date,
    feature_id,
    workload,
    driver,
    actual,
    expected,
    lower_limit,
    upper_limit,
    deviation_sigmas,
    limit_sigmas,
    history_days
from {{ ref('int_driver_baselines') }}
