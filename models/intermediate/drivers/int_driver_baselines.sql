-- grain: one row per UTC day, feature, workload and driver that has a value
{{ config(materialized='table') }}
with judged as (

    select
        scored.usage_date,
        scored.feature_id,
        scored.workload,
        scored.driver,
        scored.actual,
        scored.ln_actual,
        scored.ln_expected,
        scored.sigma,
        scored.history_days,
        scored.limit_sigmas,
        max(feedback.times_usual) as times_usual
    from {{ ref('int_driver_levels') }} as scored
    left join {{ ref('int_anomaly_feedback') }} as feedback
        on
            scored.feature_id = feedback.feature_id
            and scored.workload = feedback.workload
            and scored.driver = feedback.driver
            and scored.usage_date > feedback.last_date
            and feedback.verdict in ('expected', 'false')
            and feedback.kind <> 'drift'
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

),

-- from the day after people said that it is no anomaly, one is two standard deviations above what was so many times
-- usual
limited as (

    select
        usage_date,
        feature_id,
        workload,
        driver,
        actual,
        ln_actual,
        ln_expected,
        sigma,
        history_days,
        limit_sigmas + greatest(coalesce(ceil(ln(times_usual) / sigma) + 2 - limit_sigmas, 0), 0) as limit_sigmas
    from judged

)

select
    usage_date,
    feature_id,
    workload,
    driver,
    actual,
    exp(ln_expected) as expected,
    exp(ln_expected - limit_sigmas * sigma) as lower_limit,
    exp(ln_expected + limit_sigmas * sigma) as upper_limit,
    (ln_actual - ln_expected) / sigma as deviation_sigmas,
    cast(limit_sigmas as bigint) as limit_sigmas,
    cast(history_days as bigint) as history_days
from limited
