-- grain: one row per pool, provider, and day or month: how much of it somebody used
-- What the rule states goes before what is measured; where neither is known, all of it was used.
with measured as (

    select
        rule_number,
        usage_date,
        sum(capacity) as capacity,
        sum(used) as used
    from {{ ref('int_measured_hourly') }}
    group by 1, 2

),

by_window as (

    select
        rule_number,
        false as is_monthly,
        usage_date as window_date,
        capacity,
        used
    from measured
    union all
    select
        rule_number,
        true as is_monthly,
        cast(date_trunc('month', usage_date) as date) as window_date,
        sum(capacity) as capacity,
        sum(used) as used
    from measured
    group by 1, 2, 3

),

shared as (

    select
        {{ for_each(['rule_number', 'charge_provider_id', 'is_monthly', 'window_date'], '@') }},
        sum(share) as share
    from {{ ref('int_pool_shares') }}
    group by 1, 2, 3, 4

),

known as (

    select
        pools.*,
        coalesce(shared.share, 0) as share,
        rules.idle,
        rules.daily_capacity * pools.day_count as stated_capacity,
        -- a measurement, no money: what it divides is whole again afterwards
        {{ ratio('by_window.used', 'by_window.capacity') }} as measured_share
    from {{ ref('int_pools') }} as pools
    inner join {{ ref('allocation_rules') }} as rules on pools.rule_number = rules.rule_number
    left join by_window
        on
            pools.rule_number = by_window.rule_number
            and pools.is_monthly = by_window.is_monthly
            and pools.window_date = by_window.window_date
    left join shared
        on
            pools.rule_number = shared.rule_number
            and pools.provider_id = shared.charge_provider_id
            and pools.is_monthly = shared.is_monthly
            and pools.window_date = shared.window_date
    where pools.spread_usd <> 0

)

select
    rule_number,
    provider_id as charge_provider_id,
    is_monthly,
    window_date,
    spread_usd,
    share as share_sum,
    cast(case
        when idle = 'spread' and share > 0 then 1
        when stated_capacity > 0 and share = 0 then 0
        when stated_capacity > 0 then share
        when measured_share is not null and share = 0 then 0
        when measured_share is not null then least(greatest(measured_share, 0), 1) * 1000000000000
        else 1
    end as decimal(15, 0)) as used_weight,
    cast(case
        when idle = 'spread' and share > 0 then 0
        when stated_capacity > 0 then greatest(stated_capacity - share, case when share = 0 then 1 else 0 end)
        when measured_share is not null and share = 0 then 1
        when measured_share is not null
            then 1000000000000 - cast(least(greatest(measured_share, 0), 1) * 1000000000000 as decimal(15, 0))
        else 0
    end as decimal(15, 0)) as idle_weight
from known
