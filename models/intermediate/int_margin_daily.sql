-- grain: one row per customer, feature and UTC day with revenue or cost of production
{{ config(materialized='table') }}
with costs as (

    select
        customer_id,
        feature_id,
        usage_date,
        sum(coalesce(cost_usd, 0)) + sum(shared_cost_usd) as cogs_usd,
        sum(shared_cost_usd) as shared_cost_usd,
        sum(request_count) as request_count,
        sum(unpriced_request_count) as unpriced_request_count
    from (
        select
            customer_id,
            feature_id,
            usage_date,
            cost_usd,
            0 as shared_cost_usd,
            request_count,
            unpriced_request_count
        from {{ ref('int_costs_daily') }}
        union all
        -- what stands idle is a cost of the company, if of no customer
        select
            customer_id,
            feature_id,
            usage_date,
            0 as cost_usd,
            allocated_cost_usd as shared_cost_usd,
            0 as request_count,
            0 as unpriced_request_count
        from {{ ref('allocated_costs') }}
        where {{ is_loaded() }}
    ) as direct_and_shared
    group by 1, 2, 3

),

revenue as (

    select *
    from {{ ref('int_revenue_allocated') }}
    where revenue_method = '{{ var("revenue_method") }}'

)

select
    coalesce(revenue.customer_id, costs.customer_id) as customer_id,
    coalesce(revenue.feature_id, costs.feature_id) as feature_id,
    coalesce(revenue.usage_date, costs.usage_date) as usage_date,
    cast(date_trunc('month', coalesce(revenue.usage_date, costs.usage_date)) as date) as month,
    revenue.split_by as revenue_split_by,
    cast(coalesce(revenue.revenue_usd, 0) as decimal(38, 12)) as revenue_usd,
    cast(coalesce(costs.cogs_usd, 0) as decimal(38, 12)) as cogs_usd,
    cast(coalesce(costs.shared_cost_usd, 0) as decimal(38, 12)) as shared_cost_usd,
    cast(coalesce(costs.request_count, 0) as bigint) as request_count,
    cast(coalesce(costs.unpriced_request_count, 0) as bigint) as unpriced_request_count
from revenue
full join costs
    on
        revenue.customer_id = costs.customer_id
        and revenue.feature_id = costs.feature_id
        and revenue.usage_date = costs.usage_date
