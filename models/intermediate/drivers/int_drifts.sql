-- grain: one row per drift: a driver of a feature that crept up over weeks without a day that stood out
{{ config(materialized='table') }}
{% set series = 'feature_id, workload, driver' %}
-- a drift that people said is none is one again two standard deviations above what it was then
with judged as (

    select
        compared.usage_date,
        compared.feature_id,
        compared.workload,
        compared.driver,
        compared.growth,
        compared.growth_of_week,
        compared.sigma,
        coalesce(max(ln(feedback.times_usual)) + 2 * compared.sigma, 0) as least_growth
    from {{ ref('int_driver_growth') }} as compared
    left join {{ ref('int_anomaly_feedback') }} as feedback
        on
            compared.feature_id = feedback.feature_id
            and compared.workload = feedback.workload
            and compared.driver = feedback.driver
            and compared.usage_date > feedback.last_date
            and feedback.verdict in ('expected', 'false')
            and feedback.kind = 'drift'
    group by 1, 2, 3, 4, 5, 6, 7

),

drifting as (

    select
        *,
        lag(usage_date) over (partition by {{ series }} order by usage_date) as date_before
    from judged
    -- a tenth more, more than chance, and step by step: a week that stands out, or a new level, is no drift
    where
        growth > greatest(3 * sigma, ln(1.1), least_growth)
        and growth_of_week between 0.15 * growth and 0.8 * growth

),

numbered as (

    select
        *,
        sum(case when usage_date <= date_before + interval 7 day then 0 else 1 end) over (
            partition by {{ series }} order by usage_date
        ) as episode
    from drifting

),

drifts as (

    select
        feature_id,
        workload,
        driver,
        episode,
        min(usage_date) as started_date,
        max(usage_date) as last_date,
        cast(count(*) as bigint) as day_count,
        max(growth / sigma) as deviation_sigmas,
        round(exp(max(growth)), 6) as times_before
    from numbered
    group by 1, 2, 3, 4

)

select
    {{ anomaly_id('drift', ['feature_id', 'workload', 'driver', 'started_date']) }} as anomaly_id,
    feature_id,
    workload,
    driver,
    started_date,
    last_date,
    day_count,
    deviation_sigmas,
    times_before
from drifts
