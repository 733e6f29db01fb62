-- grain: one row per month, provider of the charges, and pool (or no rule): where each of its dollars went
-- Of what no allocation rule takes, that is allocated which attribution rules say whose it is.
with taken as (

    select
        cast(date_trunc('month', window_date) as date) as month,
        provider_id as charge_provider_id,
        coalesce(rule_number, 0) as rule_number,
        amount_usd + unused_usd + prepaid_usd as direct_cost_usd,
        0 as fed_in_usd,
        0 as fed_out_usd,
        case
            when rule_number is null and not is_attributed then amount_usd + unused_usd + prepaid_usd else 0
        end as unallocated_usd
    from {{ ref('int_costs_pooled') }}
    union all
    select
        cast(date_trunc('month', window_date) as date) as month,
        provider_id as charge_provider_id,
        rule_number,
        0 as direct_cost_usd,
        fed_in_usd,
        fed_out_usd,
        0 as unallocated_usd
    from {{ ref('int_pools') }}

),

summed as (

    select
        month,
        charge_provider_id,
        rule_number,
        sum(direct_cost_usd) as direct_cost_usd,
        sum(fed_in_usd) as fed_in_usd,
        sum(fed_out_usd) as fed_out_usd,
        sum(unallocated_usd) as unruled_usd
    from taken
    group by 1, 2, 3

),

spread as (

    {% set statuses = ['allocated', 'idle', 'unused', 'prepaid', 'unallocated'] %}
    select
        cast(date_trunc('month', usage_date) as date) as month,
        charge_provider_id,
        rule_number,
        {{ for_each(statuses, "sum(case when allocation_status = '@' then allocated_cost_usd else 0 end) as @_usd") }}
    from {{ ref('allocated_costs') }}
    group by 1, 2, 3

)

select
    summed.month,
    summed.charge_provider_id,
    cast(summed.rule_number as bigint) as rule_number,
    coalesce(rules.pool_id, '(no rule)') as pool_id,
    rules.driver,
    rules.reason as rule_reason,
    {{ for_each(['direct_cost', 'fed_in', 'fed_out'], 'cast(summed.@_usd as decimal(38, 12)) as @_usd') }},
    {{ for_each(
        statuses | reject('equalto', 'unallocated') | list,
        'cast(coalesce(spread.@_usd, 0) as decimal(38, 12)) as @_cost_usd'
    ) }},
    cast(coalesce(spread.unallocated_usd, 0) + summed.unruled_usd as decimal(38, 12)) as unallocated_cost_usd
from summed
left join spread
    on
        summed.month = spread.month
        and summed.charge_provider_id = spread.charge_provider_id
        and summed.rule_number = spread.rule_number
left join {{ ref('allocation_rules') }} as rules on summed.rule_number = rules.rule_number
