-- grain: one row per drift: a driver of a feature that crept up over weeks without a day that stood out
{{ config(materialized='table') }}
{% set series = 'feature_id, workload, driver' %}
-- The median of a week beside that of the week four weeks before it. Volume may grow; of other drivers nobody wants it.
with days as (

    select
        usage_date,
        {{ day_number('usage_date') }} as day,
        feature_id,
        workload,
        driver,
        history_days,
        round(ln(actual), 9) as ln_actual
    from {{ ref('int_driver_baselines') }}
    where driver not in ('volume', 'callers', 'price')

),

levelled as (

    select
        *,
        {{ trailing_median('ln_actual', series, 'usage_date', 7) }} as level_before,
        {{ trailing_median('ln_actual', series, 'usage_date', 6) }} as week_level
    from days

),

spread as (

    select
        *,
        {{ trailing_median('abs(ln_actual - level_before)', series, 'usage_date', 42) }} as deviation
    from levelled

),

compared as (

    select
        later.usage_date,
        later.feature_id,
        later.workload,
        later.driver,
        later.week_level - earlier.week_level as growth,
        later.week_level - week_before.week_level as growth_of_week,
        -- the difference of two medians of seven days: 0.67 of the deviation of a day
        0.67 * greatest(1.4826 * later.deviation, 0.02) as sigma
    from spread as later
    {% for name, days in [('earlier', 28), ('week_before', 7)] %}
        inner join spread as {{ name }}
            on
                later.feature_id = {{ name }}.feature_id
                and later.workload = {{ name }}.workload
                and later.driver = {{ name }}.driver
                and later.day = {{ name }}.day + {{ days }}
    {% endfor %}
    where later.history_days >= 42

),

drifting as (

    select
        *,
        lag(usage_date) over (partition by {{ series }} order by usage_date) as date_before
    from compared
    -- a tenth more, more than chance, and step by step: a week that stands out, or a new level, is no drift
    where growth > 3 * sigma and growth > ln(1.1) and growth_of_week between 0.15 * growth and 0.8 * growth

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
        max(growth / sigma) as deviation_sigmas
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
    deviation_sigmas
from drifts
