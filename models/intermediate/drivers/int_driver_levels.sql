-- grain: one row per UTC day, feature, workload and driver that has a value
{{ config(materialized='table') }}
-- What a driver is and what it usually is. In logarithms, so that a tenth more weighs the same at every height; against
-- medians, which one odd week does not move.
{% set series = 'feature_id, workload, driver' %}
with drivers as (

    {% for driver, about in driver_metrics().items() %}
        select
            usage_date,
            feature_id,
            workload,
            '{{ driver }}' as driver,
            request_count,
            -- doubles are summed in any order: what they differ by then is nothing
            round({{ about.value }}, 12) as actual
        from {{ ref('int_driver_days') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

logged as (

    select
        usage_date,
        feature_id,
        workload,
        driver,
        request_count,
        actual,
        round(ln(actual), 9) as ln_actual
    from drivers
    where actual > 0

),

levelled as (

    select
        *,
        {{ trailing_median('ln_actual', series, 'usage_date', 28) }} as month_level,
        {{ trailing_median('ln_actual', series, 'usage_date', 7) }} as week_level,
        {{ trailing_median('request_count', series, 'usage_date', 28) }} as usual_count,
        row_number() over (partition by {{ series }} order by usage_date) - 1 as history_days
    from logged

),

seasoned as (

    select
        *,
        case
            when driver <> 'volume' then month_level
            else week_level + coalesce({{ trailing_median(
                'ln_actual - week_level', series ~ ', ' ~ weekday('usage_date'), 'usage_date', 6
            ) }}, 0)
        end as ln_expected
    from levelled

),

spread as (

    select
        *,
        {{ trailing_median('abs(ln_actual - ln_expected)', series, 'usage_date', 42) }} as deviation
    from seasoned

),

scored as (

    select
        *,
        -- a median of deviations is 1 / 1.4826 of a standard deviation; fewer calls than usual tell less
        greatest(1.4826 * coalesce(deviation, 0), 0.02)
        * case when driver = 'volume' then 1 else sqrt(greatest(usual_count / request_count, 1)) end as sigma,
        -- little history says little
        case
            when history_days < 7 then null
            when driver in ('volume', 'callers') then 5 + case when history_days < 28 then 2 else 0 end
            else 4 + case when history_days < 28 then 2 else 0 end
        end as limit_sigmas
    from spread

)

select * from scored
