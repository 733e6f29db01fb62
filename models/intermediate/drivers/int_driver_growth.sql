-- grain: one row per UTC day, feature, workload and driver: how it has grown over four weeks, and how it varies
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

)

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
