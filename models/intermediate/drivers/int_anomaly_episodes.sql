-- grain: one row per day of an anomaly: days of a feature and workload with anomalies, at most one day without between
{{ config(materialized='table') }}
with days as (

    select
        usage_date,
        feature_id,
        workload,
        lag(usage_date) over (partition by feature_id, workload order by usage_date) as date_before
    from {{ ref('int_anomaly_days') }}
    group by 1, 2, 3

),

numbered as (

    select
        usage_date,
        feature_id,
        workload,
        sum(case when usage_date <= date_before + interval 2 day then 0 else 1 end) over (
            partition by feature_id, workload order by usage_date
        ) as episode
    from days

),

begun as (

    select
        usage_date,
        feature_id,
        workload,
        min(usage_date) over (partition by feature_id, workload, episode) as started_date
    from numbered

)

select
    usage_date,
    feature_id,
    workload,
    started_date,
    {{ anomaly_id('driver', ['feature_id', 'workload', 'started_date']) }} as anomaly_id
from begun
