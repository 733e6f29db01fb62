-- grain: one row per plan with a price, customer and month
-- What a customer owes by the list, and for what it used beyond what is included; beside what it paid and cost.
with earned as (

    select
        plan_id,
        customer_id,
        cast(date_trunc('month', usage_date) as date) as month,
        sum(revenue_usd) as revenue_usd,
        sum(cogs_usd) as cost_usd
    from {{ ref('gross_margin_daily') }}
    group by 1, 2, 3

),

used as (

    select
        unit_id,
        plan_id,
        customer_id,
        cast(date_trunc('month', usage_date) as date) as month,
        sum(unit_count) as unit_count
    from {{ ref('cost_per_unit_daily') }}
    group by 1, 2, 3, 4

)

select
    owed.plan_id,
    owed.customer_id,
    owed.month,
    owed.valid_from_date,
    owed.currency,
    owed.month_days,
    cast(owed.day_count as bigint) as day_count,
    cast(owed.price_usd as decimal(38, 15)) as price_usd,
    owed.cost_limit_usd,
    cast(owed.target_margin as decimal(6, 4)) as target_margin,
    owed.unit_id,
    owed.included_quantity,
    cast(case when owed.unit_id is not null then coalesce(used.unit_count, 0) end as bigint) as unit_count,
    cast(owed.fee_usd as decimal(38, 12)) as fee_usd,
    cast(coalesce(
        cast(greatest(coalesce(used.unit_count, 0) - owed.included_quantity, 0) as decimal(14, 0))
        * cast(owed.overage_price_usd as decimal(23, 12)), 0
    ) as decimal(38, 12)) as overage_usd,
    cast(coalesce(earned.revenue_usd, 0) as decimal(38, 12)) as revenue_usd,
    cast(coalesce(earned.cost_usd, 0) as decimal(38, 12)) as cost_usd
from {{ ref('int_plan_fees') }} as owed
left join earned
    on owed.plan_id = earned.plan_id and owed.customer_id = earned.customer_id and owed.month = earned.month
left join used
    on
        owed.unit_id = used.unit_id
        and owed.plan_id = used.plan_id
        and owed.customer_id = used.customer_id
        and owed.month = used.month
