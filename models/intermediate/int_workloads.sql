-- grain: one row per environment, feature, customer, model and operation whose calls are not production
{{ config(materialized='table') }}
select distinct
    environment,
    feature_id,
    customer_id,
    model_id,
    operation,
    workload
from {{ ref('fct_usage_hourly') }}
where workload <> 'production'
