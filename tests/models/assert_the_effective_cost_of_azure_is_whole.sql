-- Of each account, subscription and month the effective cost is all of AmortizedCost where that landed, and all of
-- ActualCost where the account has no AmortizedCost of the month. To the last digit.
with landed as (

    select
        billing_account_id,
        coalesce('/subscriptions/' || subscription_id, '') as sub_account_id,
        billing_period_start as billing_period_start_at,
        sum(case when export_type = 'ActualCost' then cost end) as actual_cost,
        sum(case when export_type = 'AmortizedCost' then cost end) as amortized_cost
    from {{ source('azure_cost', 'charges') }}
    group by 1, 2, 3

),

told as (

    select
        *,
        max(case when amortized_cost is null then 0 else 1 end) over (
            partition by billing_account_id, billing_period_start_at
        ) as amortized_count
    from landed

),

charged as (

    select
        billing_account_id,
        coalesce(sub_account_id, '') as sub_account_id,
        billing_period_start_at,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_charges') }}
    where source_id = 'azure_cost'
    group by 1, 2, 3

)

select
    told.*,
    charged.effective_cost
from told
left join charged
    on
        told.billing_account_id = charged.billing_account_id
        and told.sub_account_id = charged.sub_account_id
        and told.billing_period_start_at = charged.billing_period_start_at
where
    coalesce(charged.effective_cost, 0)
    <> coalesce(
        told.amortized_cost,
        case when told.amortized_count = 0 then told.actual_cost else charged.effective_cost end,
        0
    )
