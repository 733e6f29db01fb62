-- INV5: requests leave over what the reconciliation calls unattributed: pools take all of it. And of each pool: direct
-- + fed in - fed out = allocated + idle + unused + prepaid + unallocated, to the last digit; what is handed on arrives.
with pools as (

    select
        charge_provider_id,
        rule_number,
        sum(direct_cost_usd) as direct_cost_usd,
        sum(fed_in_usd) as fed_in_usd,
        sum(fed_out_usd) as fed_out_usd,
        sum(allocated_cost_usd + idle_cost_usd + unused_cost_usd + prepaid_cost_usd + unallocated_cost_usd)
            as spread_usd
    from {{ ref('allocation_pools') }}
    group by 1, 2

),

unattributed as (

    select
        provider_id,
        sum(unattributed_cost_usd) as unattributed_cost_usd
    from {{ ref('reconciliation') }}
    group by 1

),

members as (

    select
        (
            select coalesce(sum(allocated_cost_usd), 0) from {{ ref('allocated_costs') }}
            where {{ is_loaded() }}
        ) as allocated_usd,
        (select coalesce(sum(shared_cost_usd), 0) from {{ ref('gross_margin_daily') }}) as margin_usd,
        (select coalesce(sum(shared_cost_usd), 0) from {{ ref('cost_per_customer') }}) as customers_usd,
        (select coalesce(sum(shared_cost_usd), 0) from {{ ref('cost_per_feature') }}) as features_usd

)

select
    charge_provider_id,
    'of the pool' as what,
    direct_cost_usd + fed_in_usd - fed_out_usd as expected_usd,
    spread_usd as actual_usd
from pools
where direct_cost_usd + fed_in_usd - fed_out_usd <> spread_usd
union all
select
    '(all)' as charge_provider_id,
    'handed on' as what,
    sum(fed_out_usd) as expected_usd,
    sum(fed_in_usd) as actual_usd
from pools
having sum(fed_out_usd) <> sum(fed_in_usd)
union all
select
    coalesce(unattributed.provider_id, pools.charge_provider_id) as charge_provider_id,
    'of the bill' as what,
    unattributed.unattributed_cost_usd as expected_usd,
    pools.direct_cost_usd as actual_usd
from unattributed
full join (
    select
        charge_provider_id,
        sum(direct_cost_usd) as direct_cost_usd
    from pools
    group by 1
) as pools on unattributed.provider_id = pools.charge_provider_id
where coalesce(unattributed.unattributed_cost_usd, 0) <> coalesce(pools.direct_cost_usd, 0)
union all
select
    '(all)' as charge_provider_id,
    'in the margin and by member' as what,
    allocated_usd as expected_usd,
    least(margin_usd, customers_usd, features_usd) as actual_usd
from members
where allocated_usd <> margin_usd or allocated_usd <> customers_usd or allocated_usd <> features_usd
