-- grain: one row per UTC hour, workload, environment, feature, customer, provider and model
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_restated_dates") }}',
) }}
{% set touched = ref('int_restated_dates') %}{# dbt reads it once, outside the condition #}
{% set of_touched %}
    {% if is_incremental() %}
        where usage_date in (select usage_date from {{ touched }})
    {% endif %}
{% endset %}
{% set key = ['usage_hour_at', 'usage_date', 'feature_id', 'customer_id', 'provider_id', 'model_id', 'environment'] %}
{% set counts = [
    'request_count', 'retry_count', 'error_count', 'rate_limited_count', 'uncached_input_tokens', 'cache_read_tokens',
    'cache_write_tokens', 'retrieved_context_tokens', 'output_tokens', 'reasoning_tokens'
] %}
with usage as (

    select
        {{ for_each(key, '@') }},
        workload,
        {{ for_each(counts, 'cast(sum(@) as bigint) as @') }},
        -- what finding context costs beside the answer
        cast(
            coalesce(sum(case when operation in ('embeddings', 'retrieval', 'rerank') then cost_usd end), 0)
            as decimal(38, 12)
        ) as retrieval_cost_usd,
        cast(sum(cost_usd) as decimal(38, 12)) as cost_usd
    from {{ ref('fct_usage_hourly') }}
    {{ of_touched }}
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

contexts as (

    select
        {{ for_each(key, '@') }},
        cast(sum(conversation_count) as bigint) as conversation_count,
        cast(sum(history_tokens) as bigint) as history_tokens
    from {{ ref('int_context_hourly') }}
    {{ of_touched }}
    group by 1, 2, 3, 4, 5, 6, 7

)

select
    {{ for_each(key, 'usage.@') }},
    usage.workload,
    {{ for_each(counts, 'usage.@') }},
    coalesce(contexts.history_tokens, 0) as history_tokens,
    coalesce(contexts.conversation_count, 0) as conversation_count,
    minutes.peak_minute_request_count,
    minutes.storm_minute_count,
    coalesce(chains.chained_request_count, 0) as chained_request_count,
    -- an even hour has a sixtieth of its calls in each minute
    {{ ratio('minutes.peak_minute_request_count', 'usage.request_count') }} as peak_minute_share,
    {{ ratio('usage.rate_limited_count', 'usage.request_count') }} as rate_limited_share,
    {{ ratio('usage.retry_count', 'usage.request_count') }} as retry_share,
    {{ ratio(
        'usage.cache_read_tokens',
        'usage.uncached_input_tokens + usage.cache_read_tokens + usage.cache_write_tokens'
    ) }} as cached_share,
    minutes.retry_cost_usd,
    minutes.storm_cost_usd,
    usage.retrieval_cost_usd,
    cast(coalesce(chains.chained_cost_usd, 0) as decimal(38, 12)) as chained_cost_usd,
    usage.cost_usd
from usage
inner join {{ ref('int_minutes_hourly') }} as minutes
    on {{ for_each(key, 'usage.@ = minutes.@', ' and ') }}
left join contexts
    on {{ for_each(key, 'usage.@ = contexts.@', ' and ') }}
left join {{ ref('int_chains_hourly') }} as chains
    on {{ for_each(key, 'usage.@ = chains.@', ' and ') }}
