-- grain: one row per plan with a price, month and limit of what a customer may cost in a month
-- What a limit would have kept: the limit that the plan states, its price (who costs more is sold at a loss), what of
-- the price leaves the target margin, and twice, five times and ten times what the customer in the middle costs.
{% set limits = {
    'stated': 'cost_limit_usd',
    'break_even': 'case when price_usd > 0 then price_usd end',
    'target': 'case when price_usd > 0 then cast(price_usd as decimal(24, 12)) * (1 - target_margin) end',
    'median_2': 'case when median_cost_usd > 0 then median_cost_usd * 2 end',
    'median_5': 'case when median_cost_usd > 0 then median_cost_usd * 5 end',
    'median_10': 'case when median_cost_usd > 0 then median_cost_usd * 10 end',
} %}
with limits as (

    {% for name, limit in limits.items() %}
        select
            plan_id,
            month,
            '{{ name }}' as limit_name,
            cast({{ limit }} as decimal(38, 12)) as limit_usd
        from {{ ref('plan_margins') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

held as (

    select
        limits.plan_id,
        limits.month,
        limits.limit_name,
        limits.limit_usd,
        cast(count(*) as bigint) as customer_count,
        cast(sum(case when customers.cost_usd > limits.limit_usd then 1 else 0 end) as bigint) as over_limit_count,
        sum(greatest(customers.cost_usd - limits.limit_usd, 0)) as saved_cost_usd,
        sum(customers.cost_usd) as cost_usd,
        sum(customers.revenue_usd) as revenue_usd
    from limits
    inner join {{ ref('plan_customers') }} as customers
        on limits.plan_id = customers.plan_id and limits.month = customers.month
    where limits.limit_usd is not null
    group by 1, 2, 3, 4

)

select
    plan_id,
    month,
    limit_name,
    limit_usd,
    customer_count,
    over_limit_count,
    cast(saved_cost_usd as decimal(38, 12)) as saved_cost_usd,
    cast(cost_usd - saved_cost_usd as decimal(38, 12)) as limited_cost_usd,
    {{ ratio('saved_cost_usd', 'cost_usd') }} as saved_share,
    case when revenue_usd > 0 then {{ ratio('revenue_usd - cost_usd + saved_cost_usd', 'revenue_usd') }} end
        as limited_margin
from held
