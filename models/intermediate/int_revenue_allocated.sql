-- grain: one row per customer, feature and day with revenue
-- A line that names its feature keeps it. Else the customer's shares of seeds/revenue_shares.csv decide; else the
-- features' shares of that customer's cost in the month; else the revenue stays (unattributed). See DECISIONS.md.
with revenue as (

    select
        customer_id,
        usage_date,
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        sum(revenue_usd) as revenue_usd
    from {{ ref('int_revenue_recognised') }}
    group by 1, 2, 3, 4

),

cost_weights as (

    select
        customer_id,
        month,
        feature_id,
        -- in millionths of a dollar
        cast(sum(cost_usd) * 1000000 as decimal(15, 0)) as weight
    from {{ ref('int_costs_daily') }}
    group by 1, 2, 3
    having sum(cost_usd) >= 0.000001

),

seed_weights as (

    select
        months.customer_id,
        months.month,
        shares.feature_id,
        cast(shares.revenue_share * 1000000 as decimal(15, 0)) as weight
    from (select distinct
        customer_id,
        month
    from revenue) as months
    inner join {{ ref('revenue_shares') }} as shares
        on
            months.customer_id = shares.customer_id
            and months.month >= shares.valid_from_month
            and (months.month < shares.valid_to_month or shares.valid_to_month is null)

),

weights as (

    select
        customer_id,
        month,
        feature_id,
        weight
    from seed_weights
    union all
    select
        cost_weights.customer_id,
        cost_weights.month,
        cost_weights.feature_id,
        cost_weights.weight
    from cost_weights
    left join (select distinct
        customer_id,
        month
    from seed_weights) as seeded
        on cost_weights.customer_id = seeded.customer_id and cost_weights.month = seeded.month
    where seeded.customer_id is null

),

unnamed as (

    select
        revenue.customer_id,
        revenue.usage_date,
        coalesce(weights.feature_id, '(unattributed)') as feature_id,
        revenue.revenue_usd as amount_usd,
        coalesce(weights.weight, 1) as feature_weight
    from revenue
    left join weights
        on revenue.customer_id = weights.customer_id and revenue.month = weights.month
    where revenue.feature_id is null

),

allocated as (

    select
        customer_id,
        usage_date,
        feature_id,
        part as revenue_usd
    from
        {{ split_exactly('unnamed', 'amount_usd', 'feature_weight', 'customer_id, usage_date', 'feature_id') }} as split
    union all
    select
        customer_id,
        usage_date,
        feature_id,
        revenue_usd
    from revenue
    where feature_id is not null

)

select
    customer_id,
    feature_id,
    usage_date,
    cast(sum(revenue_usd) as decimal(38, 12)) as revenue_usd
from allocated
group by 1, 2, 3
