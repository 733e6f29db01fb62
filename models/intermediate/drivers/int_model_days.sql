-- grain: one row per UTC day, feature, workload and model in a tier, from the feature's first call on, without gaps
{{ config(materialized='table') }}
{% set kinds = priced_tokens() %}
with models as (

    select
        usage_date,
        feature_id,
        workload,
        concat(provider_id, ' ', model_id, ' ', coalesce(service_tier, '')) as model_tier,
        cast(sum(request_count) as double) as request_count,
        cast(sum(retry_count) as double) as retry_count,
        cast(sum(uncached_input_tokens + cache_read_tokens + cache_write_tokens) as double) as input_tokens,
        cast(sum(retrieved_context_tokens) as double) as retrieved_context_tokens,
        cast(sum(history_tokens) as double) as history_tokens,
        cast(sum(output_tokens - reasoning_tokens) as double) as visible_tokens,
        cast(sum(reasoning_tokens) as double) as reasoning_tokens,
        cast(sum(uncached_input_tokens + cache_write_tokens) as double) as fresh_tokens,
        cast(
            sum(contracted_cost_usd - input_cost_usd - cache_read_cost_usd - cache_write_cost_usd - output_cost_usd)
            as double
        ) as other_cost_usd,
        cast(sum(contracted_cost_usd) as double) as cost_usd,
        {{ for_each(kinds.values(), 'cast(sum(@) as double) as @') }},
        {{ for_each(kinds, 'cast(sum(@_cost_usd) as double) as @_cost_usd') }}
    from {{ ref('int_drivers_daily') }}
    group by 1, 2, 3, 4

),

series as (

    select
        feature_id,
        workload,
        model_tier,
        min(min(usage_date)) over (partition by feature_id, workload) as first_date
    from models
    group by 1, 2, 3

),

grid as (

    select
        dates.usage_date,
        series.feature_id,
        series.workload,
        series.model_tier
    from series
    cross join (select max(usage_date) as last_date from models) as newest
    inner join {{ ref('dim_dates') }} as dates on dates.usage_date between series.first_date and newest.last_date

),

dense as (

    select
        grid.usage_date,
        grid.feature_id,
        grid.workload,
        grid.model_tier,
        {{ for_each(driver_sums() + kinds.values() | list, 'coalesce(models.@, 0) as @') }},
        {{ for_each(kinds, 'coalesce(models.@_cost_usd, 0) as @_cost_usd') }}
    from grid
    left join models
        on
            grid.usage_date = models.usage_date
            and grid.feature_id = models.feature_id
            and grid.workload = models.workload
            and grid.model_tier = models.model_tier

)

select * from dense
