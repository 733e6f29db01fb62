-- grain: one row per UTC day and feature with retrieval
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_restated_dates") }}',
) }}
-- Calls of production that share a trace on a day are one chain; with a retrieval (embedding, vector query, rerank) and
-- a generation in it, it is an answer. A retrieval without a generation is indexing, or its log names no trace.
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

steps as (

    select
        calls.usage_date,
        -- a call without a trace is a chain of its own
        coalesce(calls.trace_id, concat('call ', calls.source_id, ' ', calls.request_id)) as chain_id,
        calls.feature_id,
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
    from {{ calls_by_workload() }} as calls
    left join traces on calls.usage_date = traces.usage_date and calls.trace_id = traces.trace_id
    where
        calls.workload = 'production'
        and (traces.trace_id is not null or calls.operation in ('embeddings', 'retrieval', 'rerank'))
        {% if is_incremental() %}
            and calls.usage_date in (select usage_date from {{ touched }})
        {% endif %}

),

chains as (

    select
        usage_date,
        chain_id,
        -- an answer is its generation's
        coalesce(max(case when step = 'generation' then feature_id end), max(feature_id)) as feature_id,
        max(case when step = 'generation' then 1 else 0 end) as answer_count,
        {{ for_each(parts, "coalesce(sum(case when step = '@' then cost_usd end), 0) as @_usd") }},
        sum(case when step = 'generation' then prompt_cost_usd end) as prompt_usd,
        sum(case when step = 'generation' then prompt_tokens end) as prompt_tokens,
        -- told by the generation, else by the retrieval
        {{ for_each(told, "coalesce(sum(case when step = 'generation' then @ end), sum(@)) as @") }}
    from steps
    group by 1, 2

),

weighed as (

    select
        *,
        {{ for_each(parts, '@_usd', ' + ') }} as chain_usd,
        -- of what the prompt cost, the part of the retrieved tokens in it; to a millionth. Guards, as least() and
        -- greatest() skip the NULL of a count that no log tells.
        case when retrieved_context_tokens >= 0 and prompt_tokens > 0 then {{ scaled_money('prompt_usd', whole_division(
            'least(retrieved_context_tokens, prompt_tokens) * 1000000', 'prompt_tokens'
        )) }} end as context_usd,
        case when used_chunk_count >= 0 and retrieved_chunk_count > 0 then {{ whole_division(
            'greatest(retrieved_chunk_count - used_chunk_count, 0) * 1000000', 'retrieved_chunk_count'
        ) }} end as unused_millionths
    from chains

),

summed as (

    select
        usage_date,
        feature_id,
        sum(answer_count) as answer_count,
        sum(1 - answer_count) as indexing_count,
        {{ for_each(parts, 'sum(@_usd * answer_count) as @_usd') }},
        sum((embedding_usd + retrieval_usd + rerank_usd) * (1 - answer_count)) as indexing_usd,
        sum(chain_usd * answer_count) as answers_usd,
        sum(case when answer_count = 1 then context_usd end) as context_usd,
        sum(case when answer_count = 1 and context_usd is not null then chain_usd end) as told_answers_usd,
        sum(case when answer_count = 1 and context_usd is not null then chain_usd - generation_usd - other_usd end)
            as told_overhead_usd,
        sum(case when answer_count = 1 then {{ scaled_money('context_usd', 'unused_millionths') }} end) as unused_usd,
        sum(case when answer_count = 1 and unused_millionths is not null then retrieved_chunk_count end)
            as retrieved_chunk_count,
        sum(case when answer_count = 1 and unused_millionths is not null then used_chunk_count end) as used_chunk_count
    from weighed
    group by 1, 2

)

select
    usage_date,
    feature_id,
    cast(answer_count as bigint) as answer_count,
    {{ for_each(parts + ['answers', 'context', 'unused'], 'cast(@_usd as decimal(38, 12)) as @_cost_usd') }},
    cast(indexing_count as bigint) as indexing_count,
    cast(indexing_usd as decimal(38, 12)) as indexing_cost_usd,
    {{ for_each(['told_answers', 'told_overhead'], 'cast(@_usd as decimal(38, 12)) as @_cost_usd') }},
    {{ for_each(['retrieved_chunk_count', 'used_chunk_count'], 'cast(@ as bigint) as @') }},
    {{ ratio('answers_usd - generation_usd - other_usd', 'answers_usd') }} as overhead_share,
    {{ ratio('told_overhead_usd + context_usd', 'told_answers_usd') }} as overhead_with_context_share,
    -- more than half of what was retrieved, and paid for as input, was for nothing
    used_chunk_count * 2 < retrieved_chunk_count as is_over_retrieving
from summed
