-- grain: one row per anomaly, customer, model, region, API key and prompt version: use of what its cause is of
{{ config(materialized='table') }}
{% set places = anomaly_places() %}
{% set quantities = {
    'requests': 'request_count - retry_count', 'conversations': 'request_count - retry_count',
    'turns': 'request_count - retry_count', 'retries': 'retry_count',
    'prompt_tokens': 'uncached_input_tokens + cache_read_tokens + cache_write_tokens - retrieved_context_tokens',
    'history': 'uncached_input_tokens + cache_read_tokens + cache_write_tokens - retrieved_context_tokens',
    'retrieved_context': 'retrieved_context_tokens', 'output_tokens': 'output_tokens - reasoning_tokens',
    'reasoning': 'reasoning_tokens', 'cache': 'uncached_input_tokens + cache_write_tokens',
} %}
with compared as (

    select
        usage_date as anomaly_date,
        feature_id,
        workload,
        usage_date,
        1 as side,
        cast(1 as double) as scale
    from {{ ref('int_anomaly_episodes') }}
    union all
    select
        anomaly_date,
        feature_id,
        workload,
        usage_date,
        0 as side,
        scale
    from {{ ref('int_usual_days') }}

),

used as (

    select
        episodes.anomaly_id,
        {{ for_each(places, 'usage.@') }},
        compared.side,
        compared.scale * cast(usage.request_count - usage.retry_count as double) as call_count,
        compared.scale * case causes.cause
            {% for cause, quantity in quantities.items() %}
                when '{{ cause }}' then cast({{ quantity }} as double)
            {% endfor %}
            else cast(usage.contracted_cost_usd as double)
        end as quantity
    from {{ ref('int_anomaly_episodes') }} as episodes
    inner join {{ ref('int_anomaly_causes') }} as causes on episodes.anomaly_id = causes.anomaly_id
    inner join compared
        on
            episodes.usage_date = compared.anomaly_date
            and episodes.feature_id = compared.feature_id
            and episodes.workload = compared.workload
    inner join {{ ref('fct_usage_hourly') }} as usage
        on
            compared.usage_date = usage.usage_date
            and compared.feature_id = usage.feature_id
            and compared.workload = usage.workload

)

select
    anomaly_id,
    {{ for_each(places, '@') }},
    sum(case when side = 1 then quantity else 0 end) as quantity,
    sum(case when side = 1 then call_count else 0 end) as call_count,
    sum(case when side = 0 then quantity else 0 end) as usual_quantity,
    sum(case when side = 0 then call_count else 0 end) as usual_call_count
from used
group by 1, 2, 3, 4, 5, 6
