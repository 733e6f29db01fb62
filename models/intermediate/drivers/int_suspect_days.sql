-- grain: one row per UTC day, feature and workload with a driver beyond what is usual
{{ config(materialized='table') }}
select distinct
    usage_date,
    feature_id,
    workload
from {{ ref('int_driver_baselines') }}
where deviation_sigmas > limit_sigmas
