{#
    What a span of OpenTelemetry says that it used: the given rows with their ids in hex (trace, span, parent_span), what
    kind of operation it is, stated_input_tokens, which include what was cached, and stated_output_tokens, which include
    what was thought, as far as they are told.
#}
{% macro span_usage(spans) -%}
    select
        *,
        case
            when said_operation like 'embed%' or said_kind = 'embedding' or ai_operation like 'ai.embed%'
                then 'embeddings'
            when said_operation like 'rerank%' or said_kind = 'reranker' then 'rerank'
            when said_operation = 'retrieval' or said_kind in ('retriever', 'retrieval') then 'retrieval'
            when said_operation = 'execute_tool' or said_kind = 'tool' or ai_operation = 'ai.toolCall'
                then 'execute_tool'
            when said_operation in ('text_completion', 'completion') then 'text_completion'
            else 'chat'
        end as span_operation,
        coalesce(operation, span_kind, ai_operation) is null as is_of_unknown_kind,
        -- `gen_ai.usage.input_tokens` "SHOULD include all types of input tokens, including cached tokens" (semantic
        -- conventions, registry). Some instrumentations pass on a count that has them apart: then the parts exceed it,
        -- or the total is the sum of all.
        case
            when cached_tokens > told_input_tokens then told_input_tokens + cached_tokens
            when total_tokens = told_input_tokens + cached_tokens + stated_output_tokens
                then told_input_tokens + cached_tokens
            else told_input_tokens
        end as stated_input_tokens,
        coalesce(told_input_tokens, 0) + stated_output_tokens + cached_tokens > 0 as tells_usage
    from (
        select
            *,
            {{ hex_id('trace_id') }} as trace,
            {{ hex_id('span_id') }} as span,
            {{ hex_id('parent_span_id') }} as parent_span,
            lower(coalesce(operation, '')) as said_operation,
            lower(coalesce(span_kind, '')) as said_kind,
            coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0) as cached_tokens,
            -- of a sum and one of its parts the other part follows
            coalesce(input_tokens, total_tokens - output_tokens) as told_input_tokens,
            case
                -- Gemini counts its thoughts beside its answer
                when reasoning_tokens > 0 and total_tokens = input_tokens + output_tokens + reasoning_tokens
                    then output_tokens + reasoning_tokens
                else coalesce(output_tokens, total_tokens - input_tokens, 0)
            end as stated_output_tokens
        from {{ spans }}
    ) as told
{%- endmacro %}
