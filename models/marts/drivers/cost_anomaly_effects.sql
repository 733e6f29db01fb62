-- grain: one row per anomaly of drivers and effect on cost: they sum to what the anomaly cost
{{ config(materialized='view') }}
select
    anomaly_id,
    effect,
    effect_usd,
    is_unusual
from {{ ref('int_anomaly_effects') }}
