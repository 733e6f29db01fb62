-- grain: one row per grain (month, week), period, feature, customer, workload, provider and model
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_recompared_periods() }}',
    post_hook='{{ cost_change_between() }}',
    meta={'rows_by_day': "
        select cast(date_trunc('week', usage_date) as date), 2 * count(*) from intermediate.int_drivers_daily
        where usage_date >= (select min(period_start_date) from intermediate.int_recompared_periods)
        group by 1 order by 1
    "},
) }}
-- A month or week beside the one before, the newest beside as many days as it has. Any two periods: the table function
-- cost_change_between.
with days as (

    select
        'month' as grain,
        cast(date_trunc('month', usage_date) as date) as period_start_date,
        cast(date_trunc('month', usage_date) + interval 1 month as date) as next_period_start_date,
        usage_date
    from {{ ref('dim_dates') }}
    union all
    select
        'week' as grain,
        cast(date_trunc('week', usage_date) as date) as period_start_date,
        cast(date_trunc('week', usage_date) + interval 7 day as date) as next_period_start_date,
        usage_date
    from {{ ref('dim_dates') }}

),

known as (

    select
        min(usage_date) as first_date,
        max(usage_date) as last_date
    from {{ ref('cost_drivers') }}

),

sides_of_all as (

    select
        days.grain,
        days.period_start_date,
        1 as side,
        days.usage_date
    from days
    cross join known
    -- of the first period nobody knows what was before
    where days.period_start_date > known.first_date and days.usage_date <= known.last_date
    union all
    select
        days.grain,
        days.next_period_start_date as period_start_date,
        0 as side,
        days.usage_date
    from days
    cross join known
    where
        days.usage_date >= known.first_date
        and days.next_period_start_date <= known.last_date
        and {{ day_number('days.usage_date') }} - {{ day_number('days.period_start_date') }}
        <= {{ day_number('known.last_date') }} - {{ day_number('days.next_period_start_date') }}

),

sides as (

    select sides_of_all.*
    from sides_of_all
    inner join {{ ref('int_recompared_periods') }} as recompared
        on
            sides_of_all.grain = recompared.grain
            and sides_of_all.period_start_date = recompared.period_start_date
    where {{ is_in_chunk('sides_of_all.period_start_date') }}

),

sided_calls as (

    select
        sides.grain,
        sides.period_start_date,
        sides.side,
        drivers.*
    from {{ ref('cost_drivers') }} as drivers
    inner join sides on drivers.usage_date = sides.usage_date

),

sided_pools as (

    select
        sides.grain,
        sides.period_start_date,
        sides.side,
        costs.*
    from {{ ref('allocated_costs') }} as costs
    inner join sides on costs.usage_date = sides.usage_date

),

{{ cost_changes('sided_calls', 'sided_pools', ['grain', 'period_start_date']) }}
