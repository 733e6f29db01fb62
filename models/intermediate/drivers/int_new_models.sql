-- grain: one row per model that a feature began to use: what it cost in its first week
{{ config(materialized='table') }}
with days as (

    select
        usage_date,
        feature_id,
        workload,
        provider_id,
        model_id,
        sum(contracted_cost_usd) as contracted_cost_usd
    from {{ ref('int_drivers_daily') }}
    group by 1, 2, 3, 4, 5

),

used as (

    select
        *,
        min(usage_date) over (partition by feature_id, workload) as feature_first_date,
        min(usage_date) over (partition by feature_id, workload, provider_id, model_id) as model_first_date
    from days

),

first_weeks as (

    select
        feature_id,
        workload,
        provider_id,
        model_id,
        model_first_date as started_date,
        max(usage_date) as last_date,
        cast(count(*) as bigint) as day_count,
        sum(contracted_cost_usd) as actual_usd
    from used
    where
        usage_date < model_first_date + interval 7 day
        -- a feature tries models in its first weeks
        and model_first_date >= feature_first_date + interval 14 day
    group by 1, 2, 3, 4, 5

)

select
    {{ anomaly_id('new_model', ['feature_id', 'workload', 'provider_id', 'model_id']) }} as anomaly_id,
    'new_model' as kind,
    feature_id,
    workload,
    model_id,
    started_date,
    last_date,
    day_count,
    actual_usd,
    concat(model_id, ' of ', provider_id, ' was never called before') as detail
from first_weeks
where actual_usd >= {{ var('anomaly_floor_usd') }}
