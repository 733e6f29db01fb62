-- grain: one row per pool, pool of a later stage that it hands its cost to, and month
-- By what the takers cost themselves in the month, or all alike. Where they cost nothing there is no row, and the giver
-- keeps what it has.
with months as (

    select
        rule_number,
        date_trunc('month', window_date) as month,
        sum(amount_usd) as amount_usd
    from {{ ref('int_costs_pooled') }}
    where rule_number is not null
    group by 1, 2

),

takers as (

    select
        months.month,
        months.amount_usd,
        rules.*
    from months
    inner join {{ ref('allocation_rules') }} as rules on months.rule_number = rules.rule_number

)

select
    givers.rule_number,
    takers.rule_number as taker_rule_number,
    takers.stage as taker_stage,
    takers.month,
    case givers.driver
        when 'even' then cast(1 as decimal(15, 0))
        else cast(takers.amount_usd * 1000000 as decimal(15, 0))
    end as feed_weight
from {{ ref('allocation_rules') }} as givers
inner join takers
    on givers.stage < takers.stage and {{ matches_pattern('takers.pool_id', 'givers.to_pool_id') }}
where givers.to_pool_id <> '-' and takers.amount_usd >= 0.000001
