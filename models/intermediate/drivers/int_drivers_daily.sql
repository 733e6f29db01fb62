-- grain: one row per UTC day and what cost is explained by: workload, feature, customer, model, operation and tier
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_restated_dates") }}',
) }}
{% set touched = ref('int_restated_dates') %}{# dbt reads it once, outside the condition #}
{% set key = [
    'usage_date', 'environment', 'feature_id', 'customer_id', 'provider_id', 'model_id', 'operation', 'service_tier',
    'is_batch'
] %}
{% set counts = [
    'request_count', 'retry_count', 'error_count', 'rate_limited_count', 'unpriced_request_count',
    'uncached_input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'retrieved_context_tokens', 'output_tokens',
    'reasoning_tokens'
] %}
{% set money = [
    'input_cost_usd', 'cache_read_cost_usd', 'cache_write_cost_usd', 'output_cost_usd', 'list_cost_usd',
    'contracted_cost_usd', 'contracted_cost_in_pricing_currency', 'cost_usd'
] %}
with usage as (

    select
        {{ for_each(key, '@') }},
        workload,
        {{ for_each(counts, 'cast(sum(@) as bigint) as @') }},
        -- calls without a price are in no cost
        {{ for_each(money, 'cast(coalesce(sum(@), 0) as decimal(38, 12)) as @') }}
    from {{ ref('fct_usage_hourly') }}
    {% if is_incremental() %}
        where usage_date in (select usage_date from {{ touched }})
    {% endif %}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

),

contexts as (

    select
        {{ for_each(key, '@') }},
        cast(sum(conversation_count) as bigint) as conversation_count,
        cast(sum(history_tokens) as bigint) as history_tokens
    from {{ ref('int_context_hourly') }}
    {% if is_incremental() %}
        where usage_date in (select usage_date from {{ touched }})
    {% endif %}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9

)

select
    {{ for_each(key, 'usage.@') }},
    usage.workload,
    coalesce(contexts.conversation_count, 0) as conversation_count,
    {{ for_each(counts, 'usage.@') }},
    coalesce(contexts.history_tokens, 0) as history_tokens,
    {{ for_each(money, 'usage.@') }}
from usage
left join contexts
    on {{ for_each(key, 'usage.@ is not distinct from contexts.@', ' and ') }}
-- a page asks for days
order by 1
