-- grain: one row per plan with a price, and month
-- What its customers owe by the list beside what was recognised, what they cost and how unevenly, and the price that
-- would leave the target margin.
with customers as (

    select
        *,
        max(valid_from_date) over (partition by plan_id, month) as newest_from_date
    from {{ ref('plan_customers') }}

),

summed as (

    select
        plan_id,
        month,
        month_days,
        cast(count(*) as bigint) as customer_count,
        cast(sum(day_count) as bigint) as customer_days,
        {{ for_each(
            ['price_usd', 'cost_limit_usd', 'target_margin'],
            'max(case when valid_from_date = newest_from_date then @ end) as @'
        ) }},
        sum(fee_usd) as fee_usd,
        sum(overage_usd) as overage_usd,
        sum(revenue_usd) as revenue_usd,
        sum(cost_usd) as cost_usd,
        {{ percentile_disc('cost_usd', 50) }} as median_cost_usd,
        {{ percentile_disc('cost_usd', 90) }} as p90_cost_usd,
        max(cost_usd) as max_cost_usd,
        cast(sum(case when unit_count > included_quantity then 1 else 0 end) as bigint) as over_quantity_count,
        cast(sum(case when cost_usd > cost_limit_usd then 1 else 0 end) as bigint) as over_limit_count,
        sum(case when cost_usd > cost_limit_usd then cost_usd - cost_limit_usd else 0 end) as over_limit_cost_usd
    from customers
    group by 1, 2, 3

),

needed as (

    select
        *,
        fee_usd + overage_usd as list_revenue_usd,
        -- for a customer who stays a month
        {% set days = ' as decimal(24, 12)) * cast(month_days as decimal(3, 0)))' %}
        {{ unit_cost('(cast(cost_usd' ~ days, 'customer_days') }} as monthly_cost_usd,
        {{ unit_cost('(cast(overage_usd' ~ days, 'customer_days') }} as monthly_overage_usd
    from summed

)

select
    plan_id,
    month,
    customer_count,
    customer_days,
    cast(price_usd as decimal(38, 15)) as price_usd,
    {{ for_each(
        [
            'list_revenue', 'overage', 'revenue', 'cost', 'median_cost', 'p90_cost', 'max_cost', 'cost_limit',
            'over_limit_cost'
        ],
        'cast(@_usd as decimal(38, 12)) as @_usd'
    ) }},
    cast(revenue_usd - list_revenue_usd as decimal(38, 12)) as revenue_gap_usd,
    over_quantity_count,
    case when cost_limit_usd is not null then over_limit_count end as over_limit_count,
    case when revenue_usd > 0 then {{ ratio('revenue_usd - cost_usd', 'revenue_usd') }} end as gross_margin,
    case when list_revenue_usd > 0 then {{ ratio('list_revenue_usd - cost_usd', 'list_revenue_usd') }} end
        as list_margin,
    case
        when revenue_usd > 0 then null
        when revenue_usd < 0 then 'negative_revenue'
        when price_usd = 0 then 'free_plan'
        else 'no_revenue'
    end as unknown_reason,
    cast(target_margin as decimal(6, 4)) as target_margin,
    cast(case
        when target_margin is not null
            then greatest(
                {{ unit_cost(
                    '(cast(monthly_cost_usd as decimal(24, 12)) * 10000)',
                    'cast((1 - target_margin) * 10000 as decimal(5, 0))'
                ) }} - monthly_overage_usd,
                cast(0 as decimal(38, 12))
            )
    end as decimal(38, 15)) as target_price_usd
from needed
