-- grain: one row per rule of seeds/allocation_rules.csv that is measured, and month: how many GPUs, how busy at most
with days as (

    select
        rule_number,
        usage_date,
        {{ ratio('sum(used)', 'sum(capacity)') }} as used_share
    from {{ ref('int_measured_hourly') }}
    group by 1, 2

),

busiest as (

    select
        rule_number,
        cast(date_trunc('month', usage_date) as date) as month,
        max(used_share) as busiest_day_share
    from days
    group by 1, 2

),

machines as (

    select
        rule_number,
        cast(date_trunc('month', usage_date) as date) as month,
        -- of the median hour: one that is replaced counts twice in its hour
        {{ percentile_disc('gpu_count', 50) }} as gpu_count,
        max(case when is_hour then {{ ratio('used', 'capacity') }} end) as busiest_hour_share,
        case when min(min_gpu_model) = max(max_gpu_model) then max(max_gpu_model) end as gpu_model
    from {{ ref('int_measured_hourly') }}
    group by 1, 2

)

select
    machines.rule_number,
    machines.month,
    nullif(machines.gpu_count, 0) as gpu_count,
    -- of several kinds nobody knows which one a model runs on
    machines.gpu_model,
    least(machines.busiest_hour_share, 1) as busiest_hour_share,
    least(busiest.busiest_day_share, 1) as busiest_day_share
from machines
inner join busiest on machines.rule_number = busiest.rule_number and machines.month = busiest.month
