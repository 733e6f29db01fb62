-- grain: one row per UTC day, workload, provider, environment, feature and customer that cost something
-- Production beside training, evaluation, experiments and development: what calls cost, their share of shared cost, and
-- what providers charge for training by itself.
with costs as (

    select
        usage_date,
        workload,
        provider_id,
        environment,
        feature_id,
        customer_id,
        request_count,
        cost_usd as request_cost_usd,
        0 as shared_cost_usd,
        0 as charged_cost_usd
    from {{ ref('fct_usage_hourly') }}
    union all
    select
        usage_date,
        workload,
        provider_id,
        '(shared)' as environment,
        feature_id,
        customer_id,
        0 as request_count,
        0 as request_cost_usd,
        allocated_cost_usd as shared_cost_usd,
        0 as charged_cost_usd
    from {{ ref('allocated_costs') }}
    where allocation_status = 'allocated'
    union all
    select
        first_date as usage_date,
        'training' as workload,
        provider_id,
        '(charged)' as environment,
        '(unattributed)' as feature_id,
        '(unattributed)' as customer_id,
        0 as request_count,
        0 as request_cost_usd,
        0 as shared_cost_usd,
        effective_cost_usd as charged_cost_usd
    from {{ ref('int_billed_lines') }}
    -- what a pool takes, or is somebody's by an attribution rule, is among the allocated
    where
        charge_kind = 'training'
        and charge_id not in (
            select charge_id from {{ ref('int_costs_ruled') }}
            where charge_id is not null and (rule_number is not null or is_attributed)
        )

),

summed as (

    select
        usage_date,
        workload,
        provider_id,
        environment,
        feature_id,
        customer_id,
        sum(request_count) as request_count,
        sum(request_cost_usd) as request_cost_usd,
        sum(shared_cost_usd) as shared_cost_usd,
        sum(charged_cost_usd) as charged_cost_usd
    from costs
    group by 1, 2, 3, 4, 5, 6

),

-- an experiment that serves who pays is a product without a price
paying as (

    select distinct
        customer_id,
        date_trunc('month', usage_date) as month
    from {{ ref('fct_revenue') }}
    where revenue_usd > 0

)

select
    summed.usage_date,
    summed.workload,
    summed.provider_id,
    summed.environment,
    summed.feature_id,
    summed.customer_id,
    cast(summed.request_count as bigint) as request_count,
    {{ for_each(['request', 'shared', 'charged'], 'cast(summed.@_cost_usd as decimal(38, 12)) as @_cost_usd') }},
    cast(coalesce(summed.request_cost_usd, 0) + summed.shared_cost_usd + summed.charged_cost_usd as decimal(38, 12))
        as cost_usd,
    summed.workload <> 'production' and summed.request_count > 0 and paying.customer_id is not null
        as is_serving_customers
from summed
left join paying
    on summed.customer_id = paying.customer_id and date_trunc('month', summed.usage_date) = paying.month
