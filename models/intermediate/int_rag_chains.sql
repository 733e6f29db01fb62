-- grain: one row per UTC day on which it began and trace with retrieval, or call of retrieval without a trace
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_chained_dates") }}',
) }}
-- Calls of production that share a trace on a day are one chain, whichever sources logged them: the embedding is often
-- another provider's than the generation. Where a trace goes on over midnight, what the later day has of it is of the
-- day before.
{% set rebuilt = ref('int_chained_dates') %}{# dbt reads it once, outside the condition #}
{% set told = ['retrieved_chunk_count', 'used_chunk_count', 'retrieved_context_tokens'] %}
{% set parts = ['embedding', 'retrieval', 'rerank', 'generation', 'other'] %}
{% set is_read %}
calls.workload = 'production'
        {% if is_incremental() %}
            -- the days that are rebuilt, and those beside them
            and calls.usage_date in (
                select cast(usage_date - interval 1 day as date) from {{ rebuilt }}
                union
                select cast(usage_date + interval 1 day as date) from {{ rebuilt }}
            )
        {% endif %}
{%- endset %}
with edges as (

    select distinct
        calls.usage_date,
        calls.trace_id,
        extract(hour from calls.requested_at) as usage_hour
    from {{ calls_by_workload() }} as calls
    where
        calls.trace_id is not null
        and extract(hour from calls.requested_at) in (0, 23)
        and {{ is_read }}

),

continued as (

    select
        nights.trace_id,
        nights.usage_date,
        evenings.usage_date as began_date
    from edges as evenings
    inner join edges as nights
        on
            evenings.trace_id = nights.trace_id
            and evenings.usage_date = cast(nights.usage_date - interval 1 day as date)
    where evenings.usage_hour = 23 and nights.usage_hour = 0

),

traces as (

    select distinct
        calls.trace_id,
        coalesce(continued.began_date, calls.usage_date) as began_date
    from {{ calls_by_workload() }} as calls
    left join continued on calls.usage_date = continued.usage_date and calls.trace_id = continued.trace_id
    where
        calls.operation in ('embeddings', 'retrieval', 'rerank')
        and calls.trace_id is not null
        and {{ is_read }}

),

calls as (

    -- the days first: what is asked of a trace below would be asked of the calls of all days
    select *
    from {{ calls_by_workload() }} as calls
    where {{ is_read }}

),

steps as (

    select
        coalesce(continued.began_date, calls.usage_date) as usage_date,
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
        case when continued.began_date is not null then calls.cost_usd end as cost_after_midnight_usd,
        calls.input_cost_usd + calls.cache_read_cost_usd + calls.cache_write_cost_usd as prompt_cost_usd,
        calls.uncached_input_tokens + calls.cache_read_tokens + calls.cache_write_tokens as prompt_tokens,
        {{ for_each(told, 'calls.@') }}
    from calls
    left join continued on calls.usage_date = continued.usage_date and calls.trace_id = continued.trace_id
    left join traces
        on
            calls.trace_id = traces.trace_id
            and coalesce(continued.began_date, calls.usage_date) = traces.began_date
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
    coalesce(sum(case when step in ('embedding', 'retrieval', 'rerank') then cost_after_midnight_usd end), 0)
        as retrieval_after_midnight_usd,
    sum(case when step = 'generation' then prompt_cost_usd end) as prompt_usd,
    sum(case when step = 'generation' then prompt_tokens end) as prompt_tokens,
    -- what reached the generation: it tells, or what came last before it
    {{ for_each(
        told,
        "coalesce(sum(case when step = 'generation' then @ end), sum(case when step = 'rerank' then @ end), sum(@)) as @"
    ) }}
from steps
{% if is_incremental() %}
    where usage_date in (select usage_date from {{ rebuilt }})
{% endif %}
group by 1, 2
