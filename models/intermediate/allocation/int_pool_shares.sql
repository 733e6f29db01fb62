-- grain: one row per pool, provider, day or month, and member (day, model, customer, feature, workload) with a share
-- A share is a whole number: tokens, milliseconds, calls, conversations, millionths of a dollar; or of a customer's
-- even share what falls to each of its rows.
{% set pool_key = ['rule_number', 'charge_provider_id', 'is_monthly', 'window_date'] %}
with pool_days as (

    select
        pools.rule_number,
        pools.provider_id as charge_provider_id,
        pools.is_monthly,
        pools.window_date,
        dates.usage_date,
        dates.month
    from {{ ref('int_pools') }} as pools
    inner join {{ ref('dim_dates') }} as dates
        on
            cast(date_trunc('month', pools.window_date) as date) = dates.month
            and (pools.is_monthly or pools.window_date = dates.usage_date)
    where
        pools.spread_usd <> 0
        and dates.usage_date <= (select max(usage_date) from {{ ref('fct_usage_hourly') }})

),

usage as (

    select
        usage_date,
        provider_id,
        model_id,
        deployment_id,
        customer_id,
        feature_id,
        operation,
        environment,
        workload,
        sum(uncached_input_tokens + cache_read_tokens + cache_write_tokens + output_tokens) as token_count,
        sum(request_count) as request_count,
        sum(latency_ms) as latency_ms,
        greatest(coalesce(sum(cost_usd), 0), 0) * 1000000 as cost_weight
    from {{ ref('fct_usage_hourly') }}
    where usage_date in (select usage_date from pool_days)
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9

),

shares as (

    select
        {{ for_each(pool_key, 'pool_days.@') }},
        {{ for_each(
            ['usage_date', 'provider_id', 'model_id', 'customer_id', 'feature_id', 'workload'], 'usage.@'
        ) }},
        sum(case receivers.driver
            when 'tokens' then usage.token_count
            when 'gpu_seconds' then usage.latency_ms
            when 'requests' then usage.request_count
            when 'cost' then usage.cost_weight
            when 'even' then 1
        end) as share,
        max(receivers.driver) as driver
    from usage
    inner join {{ ref('int_pool_receivers') }} as receivers
        on
            receivers.told_by = 'calls'
            and {{ for_each(
                ['provider_id', 'model_id', 'deployment_id', 'feature_id', 'operation', 'environment'],
                'usage.@ is not distinct from receivers.@', ' and '
            ) }}
    inner join pool_days
        on
            receivers.rule_number = pool_days.rule_number
            and usage.usage_date = pool_days.usage_date
            and (not receivers.is_of_provider or usage.provider_id = pool_days.charge_provider_id)
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    union all
    select
        {{ for_each(pool_key, 'pool_days.@') }},
        pool_days.usage_date,
        receivers.provider_id,
        receivers.model_id,
        told.customer_id,
        told.feature_id,
        '(any)' as workload,
        told.share,
        receivers.driver
    from (
        select
            'conversations' as driver,
            month,
            cast(null as date) as usage_date,
            id as customer_id,
            of_feature_id as feature_id,
            conversation_count as share
        from {{ ref('int_costs_by_member') }}
        where dimension = 'customer and feature'
        union all
        select
            'revenue' as driver,
            cast(date_trunc('month', usage_date) as date) as month,
            usage_date,
            customer_id,
            feature_id,
            greatest(revenue_usd, 0) * 1000000 as share
        from {{ ref('int_revenue_allocated') }}
        where revenue_method = '{{ var("revenue_method") }}'
    ) as told
    inner join {{ ref('int_pool_receivers') }} as receivers
        on told.driver = receivers.told_by and told.feature_id = receivers.feature_id
    -- conversations are counted by the month: on each of its days they have the same share
    inner join pool_days
        on
            receivers.rule_number = pool_days.rule_number
            and told.month = pool_days.month
            and coalesce(told.usage_date, pool_days.usage_date) = pool_days.usage_date

)

select
    {{ for_each(pool_key, '@') }},
    {{ for_each(['usage_date', 'provider_id', 'model_id', 'customer_id', 'feature_id', 'workload'], '@') }},
    cast(case
        when driver = 'even' then {{ whole_division(
            '720720000', 'count(*) over (partition by ' ~ pool_key | join(', ') ~ ', customer_id)'
        ) }}
        else share
    end as decimal(15, 0)) as share
from shares
where share > 0
