-- grain: one row per pool, provider of the charge, status, and member (day, model, customer, feature, workload)
-- What attribution rules say whose it is and no pool takes is that customer's and feature's: rule 0, (no rule).
{% set pool_key = ['rule_number', 'charge_provider_id', 'is_monthly', 'window_date'] %}
{% set member_key = ['usage_date', 'provider_id', 'model_id', 'customer_id', 'feature_id', 'workload'] %}
with halves as (

    -- each pool once: what it is of is worked out from all calls
    select
        {{ for_each(pool_key, 'pools.@') }},
        pools.spread_usd,
        pools.share_sum,
        halves.half,
        case halves.half when 'used' then pools.used_weight else pools.idle_weight end as half_weight
    from {{ ref('int_pool_capacity') }} as pools
    cross join (
        select 'used' as half
        union all
        select 'idle' as half
    ) as halves

),

halved as (

    select * from {{ split_exactly('halves', 'spread_usd', 'half_weight', pool_key | join(', '), 'half') }} as parts

),

due as (

    select
        {{ for_each(pool_key, 'shares.@') }},
        {{ for_each(member_key, 'shares.@') }},
        shares.share,
        halved.part as due_usd
    from halved
    inner join {{ ref('int_pool_shares') }} as shares
        on
            halved.half = 'used'
            and {{ for_each(pool_key, 'halved.@ = shares.@', ' and ') }}

),

members as (

    select
        rule_number,
        charge_provider_id,
        'allocated' as allocation_status,
        {{ for_each(member_key, '@') }},
        share,
        part as allocated_cost_usd
    from {{ split_exactly('due', 'due_usd', 'share', pool_key | join(', '), member_key | join(', ')) }} as parts
    union all
    select
        rule_number,
        charge_provider_id,
        -- nobody called: of a pool whose capacity nobody knows that is no idleness
        case when half = 'idle' then 'idle' else 'unallocated' end as allocation_status,
        window_date as usage_date,
        {{ for_each(member_key[1:], "case when half = 'idle' then '(idle)' else '(unallocated)' end as @") }},
        0 as share,
        part as allocated_cost_usd
    from halved
    where half = 'idle' or share_sum = 0
    union all
    select
        rule_number,
        provider_id as charge_provider_id,
        'unused' as allocation_status,
        window_date as usage_date,
        {{ for_each(member_key[1:], "'(unused)' as @") }},
        0 as share,
        unused_usd as allocated_cost_usd
    from {{ ref('int_costs_pooled') }}
    where rule_number is not null
    union all
    select
        rule_number,
        provider_id as charge_provider_id,
        'prepaid' as allocation_status,
        window_date as usage_date,
        {{ for_each(member_key[1:], "'(prepaid)' as @") }},
        0 as share,
        prepaid_usd as allocated_cost_usd
    from {{ ref('int_costs_pooled') }}
    where rule_number is not null
    {% for status, amount in {'allocated': 'amount_usd', 'unused': 'unused_usd', 'prepaid': 'prepaid_usd'}.items() %}
        union all
        select
            0 as rule_number,
            provider_id as charge_provider_id,
            '{{ status }}' as allocation_status,
            window_date as usage_date,
            {{ 'provider_id' if status == 'allocated' else "'(" ~ status ~ ")' as provider_id" }},
            '{{ '(any)' if status == 'allocated' else '(' ~ status ~ ')' }}' as model_id,
            customer_id,
            feature_id,
            {{ 'workload' if status == 'allocated' else "'(" ~ status ~ ")' as workload" }},
            0 as share,
            {{ amount }} as allocated_cost_usd
        from {{ ref('int_costs_pooled') }}
        where is_attributed
    {% endfor %}

)

select
    members.rule_number,
    coalesce(rules.pool_id, '(no rule)') as pool_id,
    members.charge_provider_id,
    coalesce(rules.driver, 'attribution') as driver,
    members.allocation_status,
    {{ for_each(member_key, 'members.@') }},
    cast(sum(members.share) as decimal(38, 0)) as driver_quantity,
    cast(sum(members.allocated_cost_usd) as decimal(38, 12)) as allocated_cost_usd
from members
left join {{ ref('allocation_rules') }} as rules on members.rule_number = rules.rule_number
where members.allocated_cost_usd <> 0
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
