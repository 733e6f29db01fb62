-- grain: one row per month, feature, pool and status: (idle) what nobody used of it, (unused) of what was committed
-- Spared at least: whole GPUs that stood idle in the busiest hour; likely: on the busiest day; at most: all idle.
-- A commitment that nobody used is paid until it ends: at least nothing.
{% set spared = share_of_money(
    'rented_usd', 'cast(floor(round(greatest(parts * (1 - @), 0), 6)) as bigint)', 'parts'
) %}
with days as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        rule_number,
        usage_date,
        sum(driver_quantity) as driver_quantity,
        sum(allocated_cost_usd) as rented_usd
    from {{ ref('allocated_costs') }}
    where allocation_status in ('allocated', 'idle')
    group by 1, 2, 3

),

rented as (

    select
        days.month,
        days.rule_number,
        sum(days.rented_usd) as rented_usd,
        {{ ratio('max(days.driver_quantity)', 'max(rules.daily_capacity)') }} as stated_share
    from days
    inner join {{ ref('allocation_rules') }} as rules on days.rule_number = rules.rule_number
    group by 1, 2

),

idle as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        rule_number,
        pool_id,
        allocation_status,
        sum(allocated_cost_usd) as idle_usd
    from {{ ref('allocated_costs') }}
    where allocation_status in ('idle', 'unused')
    group by 1, 2, 3, 4, 5

),

sized as (

    select
        idle.*,
        greatest(coalesce(rented.rented_usd, 0), 0) as rented_usd,
        case when idle.allocation_status = 'idle' then machines.gpu_count end as gpu_count,
        -- without whole GPUs to a millionth
        coalesce(machines.gpu_count, 1000000) as parts,
        case when rented.stated_share is null then machines.busiest_hour_share end as busiest_hour_share,
        coalesce(rented.stated_share, machines.busiest_day_share) as busiest_day_share
    from idle
    left join rented on idle.month = rented.month and idle.rule_number = rented.rule_number
    left join {{ ref('int_pool_machines') }} as machines
        on idle.month = machines.month and idle.rule_number = machines.rule_number
    where idle.idle_usd > 0

),

spared as (

    select
        *,
        case allocation_status
            when 'unused' then idle_usd
            else least(coalesce({{ spared | replace('@', 'busiest_day_share') }}, 0), idle_usd)
        end as expected_usd,
        case allocation_status
            when 'unused' then 0
            else least(coalesce({{ spared | replace('@', 'busiest_hour_share') }}, 0), idle_usd)
        end as low_usd
    from sized

)

select
    month,
    feature_id,
    rule_number,
    pool_id,
    allocation_status,
    {{ for_each(['rented', 'idle'], 'cast(@_usd as decimal(38, 12)) as @_cost_usd') }},
    {{ ratio('idle_usd', "case allocation_status when 'idle' then rented_usd else rented_usd + idle_usd end") }}
        as idle_share,
    cast(gpu_count as bigint) as gpu_count,
    {{ for_each(['hour', 'day'], "case when allocation_status = 'idle' then busiest_@_share end as busiest_@_share") }},
    cast(least(low_usd, expected_usd) as decimal(38, 12)) as low_saving_usd,
    cast(expected_usd as decimal(38, 12)) as expected_saving_usd,
    cast(idle_usd as decimal(38, 12)) as high_saving_usd
from spared
