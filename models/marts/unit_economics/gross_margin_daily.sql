-- grain: one row per customer, feature and UTC day with revenue or cost
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

),

joined as (

    select
        coalesce(revenue.customer_id, costs.customer_id) as customer_id,
        coalesce(revenue.feature_id, costs.feature_id) as feature_id,
        coalesce(revenue.usage_date, costs.usage_date) as usage_date,
        revenue.split_by as revenue_split_by,
        coalesce(revenue.revenue_usd, 0) as revenue_usd,
        coalesce(costs.cogs_usd, 0) as cogs_usd,
        coalesce(costs.shared_cost_usd, 0) as shared_cost_usd,
        coalesce(costs.request_count, 0) as request_count,
        coalesce(costs.unpriced_request_count, 0) as unpriced_request_count
    from revenue
    full join costs
        on
            revenue.customer_id = costs.customer_id
            and revenue.feature_id = costs.feature_id
            and revenue.usage_date = costs.usage_date

)

select
    joined.customer_id,
    joined.feature_id,
    joined.usage_date,
    coalesce(plans.plan_id, '(unattributed)') as plan_id,
    coalesce(plans.segment_id, '(none)') as segment_id,
    joined.revenue_split_by,
    cast(joined.revenue_usd as decimal(38, 12)) as revenue_usd,
    cast(joined.cogs_usd as decimal(38, 12)) as cogs_usd,
    cast(joined.shared_cost_usd as decimal(38, 12)) as shared_cost_usd,
    cast(joined.revenue_usd - joined.cogs_usd as decimal(38, 12)) as gross_profit_usd,
    cast(joined.request_count as bigint) as request_count,
    cast(joined.unpriced_request_count as bigint) as unpriced_request_count,
    1 - {{ ratio('joined.unpriced_request_count', 'joined.request_count') }} as priced_share
from joined
left join {{ ref('dim_customer_plans') }} as plans
    on
        joined.customer_id = plans.customer_id
        and joined.usage_date >= plans.valid_from_date
        and joined.usage_date < plans.valid_to_date
