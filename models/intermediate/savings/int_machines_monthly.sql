-- grain: one row per pool, feature and month: what its machines cost, and the tokens that they delivered
{{ config(materialized='table') }}
with usage as (

    select
        usage_date,
        feature_id,
        workload,
        provider_id,
        model_id,
        sum(uncached_input_tokens + cache_read_tokens + cache_write_tokens + output_tokens) as token_count
    from {{ ref('int_drivers_daily') }}
    group by 1, 2, 3, 4, 5

)

select
    costs.pool_id,
    costs.feature_id,
    cast(date_trunc('month', costs.usage_date) as date) as month,
    sum(costs.allocated_cost_usd) as cost_usd,
    sum(case when costs.allocation_status = 'allocated' then costs.allocated_cost_usd end) as used_usd,
    sum(case when costs.driver = 'tokens' then costs.driver_quantity else usage.token_count end) as token_count
from {{ ref('allocated_costs') }} as costs
left join usage
    on
        costs.usage_date = usage.usage_date
        and costs.feature_id = usage.feature_id
        and costs.workload = usage.workload
        and costs.provider_id = usage.provider_id
        and costs.model_id = usage.model_id
where costs.allocation_status in ('allocated', 'idle', 'unused')
group by 1, 2, 3
