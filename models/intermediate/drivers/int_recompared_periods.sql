-- grain: one row per grain (month, week) and period that this build compares anew with the one before it
{{ config(materialized='table') }}
{% set day = 'usage_date, has_calls, shared_hash' %}
with known as (

    select
        (
            select min(usage_date)
            from {{ ref('int_cost_days') }}
            where has_calls = 1
        ) as first_date,
        min(usage_date) as first_date_before,
        max(usage_date) as last_date_before
    from {{ ref('int_cost_days_before') }}
    where has_calls = 1

),

changed as (

    select usage_date from {{ ref('int_restated_dates') }}
    union
    select usage_date
    from {{ changed_rows(ref('int_cost_days'), ref('int_cost_days_before'), day) }} as days
    union
    -- the newest period is held against as many days of the one before as it has
    select last_date_before as usage_date
    from known
    where last_date_before is not null
    union
    -- and of the first nobody knows what was before: where days come before it, of all that is not said again
    select days.usage_date
    from {{ ref('int_cost_days') }} as days
    cross join known
    where known.first_date is distinct from known.first_date_before

)

{% for grain, step in {'month': '1 month', 'week': '7 day'}.items() %}
    select
        '{{ grain }}' as grain,
        cast(date_trunc('{{ grain }}', usage_date) as date) as period_start_date
    from changed
    union
    -- what is held against it
    select
        '{{ grain }}' as grain,
        cast(date_trunc('{{ grain }}', usage_date) + interval {{ step }} as date) as period_start_date
    from changed
    {{ 'union' if not loop.last }}
{% endfor %}
