-- grain: one row per UTC day and trace with retrieval, or call of retrieval without a trace
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_restated_dates") }}',
) }}
-- Calls of production that share a trace on a day are one chain, whichever sources logged them: the embedding is often
-- another provider's than the generation.
{% set touched = ref('int_restated_dates') %}{# dbt reads it once, outside the condition #}
{% set told = ['retrieved_chunk_count', 'used_chunk_count', 'retrieved_context_tokens'] %}
{% set parts = ['embedding', 'retrieval', 'rerank', 'generation', 'other'] %}
with traces as (

    select distinct
        usage_date,
        trace_id
    from {{ calls_by_workload() }} as calls
    where
        operation in ('embeddings', 'retrieval', 'rerank')
        and workload = 'production'
        and trace_id is not null
        {% if is_incremental() %}
            and usage_date in (select usage_date from {{ touched }})
        {% endif %}

),

calls as (

    -- the days first: what is asked of a trace below would be asked of the calls of all days
    select *
    from {{ calls_by_workload() }} as by_workload
    where
        workload = 'production'
        {% if is_incremental() %}
            and usage_date in (select usage_date from {{ touched }})
        {% endif %}

),

steps as (

    select
        calls.usage_date,
        -- a call without a trace is a chain of its own
        coalesce(calls.trace_id, concat('call ', calls.source_id, ' ', calls.request_id)) as chain_id,
        calls.feature_id,
        calls.status,
        case
            when calls.operation = 'embeddings' then 'embedding'
            when calls.operation in ('retrieval', 'rerank') then calls.operation
            when calls.operation in ('chat', 'text_completion', 'generate_content') then 'generation'
            else 'other'
        end as step,
        calls.cost_usd,
        calls.input_cost_usd + calls.cache_read_cost_usd + calls.cache_write_cost_usd as prompt_cost_usd,
        calls.uncached_input_tokens + calls.cache_read_tokens + calls.cache_write_tokens as prompt_tokens,
        {{ for_each(told, 'calls.@') }}
    from calls
    left join traces on calls.usage_date = traces.usage_date and calls.trace_id = traces.trace_id
    where traces.trace_id is not null or calls.operation in ('embeddings', 'retrieval', 'rerank')

)

select
    usage_date,
    chain_id,
    -- an answer is its generation's
    coalesce(max(case when step = 'generation' then feature_id end), max(feature_id)) as feature_id,
    max(case when step = 'generation' and status = 'ok' then 1 else 0 end) as has_answer,
    min(case when cost_usd is null then 0 else 1 end) as is_priced,
    {{ for_each(parts, "coalesce(sum(case when step = '@' then cost_usd end), 0) as @_usd") }},
    sum(case when step = 'generation' then prompt_cost_usd end) as prompt_usd,
    sum(case when step = 'generation' then prompt_tokens end) as prompt_tokens,
    -- what reached the generation: it tells, or what came last before it
    {{ for_each(
        told,
        "coalesce(sum(case when step = 'generation' then @ end), sum(case when step = 'rerank' then @ end), sum(@)) as @"
    ) }}
from steps
group by 1, 2
