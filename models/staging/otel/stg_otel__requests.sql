-- grain: one row per span of a model call, a retrieval or a tool, duplicates included
with logged as (

    select
        *,
        lower(coalesce(operation, '')) as said_operation,
        lower(coalesce(span_kind, '')) as said_kind,
        coalesce(cache_read_tokens, 0) as read_tokens,
        coalesce(cache_write_tokens, 0) as written_tokens
    from {{ source('otel', 'requests') }}

),

-- Instrumentations that name no operation may put a call's usage on the span around it, too.
calls_below as (

    select distinct
        trace_id,
        parent_span_id
    from logged
    where coalesce(input_tokens, output_tokens) is not null and parent_span_id is not null

),

described as (

    select
        logged.*,
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
        -- `gen_ai.usage.input_tokens` "SHOULD include all types of input tokens, including cached tokens" (semantic
        -- conventions, registry); where the parts exceed it, the instrumentation passed on a count that has them apart
        case
            when read_tokens + written_tokens > input_tokens then input_tokens + read_tokens + written_tokens
            else input_tokens
        end as stated_input_tokens,
        coalesce(input_tokens, output_tokens) is not null
        and (operation is not null or span_kind is not null or ai_operation is not null or calls_below.trace_id is null)
            as is_counted
    from logged
    left join calls_below
        on
            operation is null and span_kind is null and ai_operation is null
            and logged.trace_id = calls_below.trace_id
            and logged.span_id = calls_below.parent_span_id

),

counted as (

    select
        *,
        {% for count in [
            'stated_input_tokens as all_input', 'read_tokens as all_cache_read', 'written_tokens as all_cache_write',
            'input_audio_tokens as all_input_audio', 'input_image_tokens as all_input_image', '0 as all_input_video',
            'output_tokens as all_output', 'output_audio_tokens as all_output_audio',
            'output_image_tokens as all_output_image', '0 as all_output_video'
        ] -%}
            {% set stated, name = count.split(' as ') -%}
            case when is_counted then coalesce({{ stated }}, 0) else 0 end as {{ name }}_tokens,
        {% endfor -%}
        cache_read_audio_tokens as stated_cache_read_audio_tokens,
        cache_read_image_tokens as stated_cache_read_image_tokens
    from described

),

leaves as (

    {{ disjoint_tokens('counted') }}

)

select
    ---------- ids
    coalesce(concat(trace_id, ':', span_id), span_id) as request_id,
    response_id,
    'otel' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(requested_model, model) as requested_model,
    customer_id,
    coalesce(feature_id, service_name) as feature_id,
    conversation_id,
    user_id,
    project_id,
    api_key_id,
    environment,
    trace_id,

    ---------- attributes
    span_operation as operation,
    region as region_id,
    service_tier,
    coalesce(service_tier = 'batch', false) as is_batch,
    -- "The Span contains an error" (trace.proto, Status)
    case when error_code is not null or status_code in ('2', 'STATUS_CODE_ERROR') then 'error' else 'ok' end as status,
    error_code,
    attempt_number,
    retry_of,

    ---------- quantities
    is_counted as has_usage,
    {{ token_leaves() }},
    -- no attribute tells how long it is kept
    all_cache_write_tokens as cache_write_unknown_tokens,
    case when is_counted then reasoning_tokens end as reasoning_tokens,
    reported_cost_usd,
    {{ whole_division('ended_nano - started_nano', '1000000') }} as latency_ms,
    cast(coalesce(milliseconds_to_first_token, seconds_to_first_token * 1000) as bigint) as time_to_first_token_ms,
    coalesce(prompt_fingerprint, received_prompt_fingerprint) as prompt_fingerprint,
    coalesce(prefix_fingerprints, received_prefix_fingerprints) as prefix_fingerprints,
    coalesce(prompt_similarity, received_prompt_similarity) as prompt_similarity,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from leaves
