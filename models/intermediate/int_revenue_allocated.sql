-- grain: one row per method, customer, feature and day with revenue
{{ config(materialized='table') }}
-- A line that names its feature keeps it, by any method. What is left is spread over features by the weights of the
-- customer's month, or stays (unattributed): all of it by the method `none`. See DECISIONS.md.
{% set methods = ['cost', 'requests', 'list_price', 'none'] %}
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

methods as (

    {% for method in methods %}
        select '{{ method }}' as revenue_method
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

unnamed as (

    select
        methods.revenue_method,
        revenue.customer_id,
        revenue.usage_date,
        coalesce(weights.feature_id, '(unattributed)') as feature_id,
        coalesce(weights.split_by, 'none') as split_by,
        revenue.revenue_usd as amount_usd,
        coalesce(weights.weight, 1) as feature_weight
    from revenue
    cross join methods
    left join {{ ref('int_revenue_weights') }} as weights
        on
            revenue.customer_id = weights.customer_id
            and revenue.month = weights.month
            and methods.revenue_method = weights.revenue_method
    where revenue.feature_id is null

),

allocated as (

    select
        revenue_method,
        customer_id,
        usage_date,
        feature_id,
        split_by,
        part as revenue_usd
    from
        {{ split_exactly(
            'unnamed', 'amount_usd', 'feature_weight', 'revenue_method, customer_id, usage_date', 'feature_id'
        ) }} as split
    union all
    select
        methods.revenue_method,
        revenue.customer_id,
        revenue.usage_date,
        revenue.feature_id,
        'named' as split_by,
        revenue.revenue_usd
    from revenue
    cross join methods
    where revenue.feature_id is not null

)

select
    revenue_method,
    customer_id,
    feature_id,
    usage_date,
    -- of a feature that some lines name and others are spread over
    case when min(split_by) = max(split_by) then min(split_by) else 'mixed' end as split_by,
    cast(sum(revenue_usd) as decimal(38, 12)) as revenue_usd
from allocated
group by 1, 2, 3, 4
