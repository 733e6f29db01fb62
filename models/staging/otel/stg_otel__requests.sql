-- grain: one row per span of a model call, a retrieval or a tool, duplicates included
with described as (

    {{ span_usage(source('otel', 'requests')) }}

),

-- A call is not made of calls: around one there may be a framework's span of it, which tells the same again. The span
-- around, which may know the customer, becomes one request with the call.
calls_below as (

    select
        around.trace,
        around.span,
        min(below.span) as call_below
    from described as around
    inner join described as below on around.trace = below.trace and around.span = below.parent_span
    where
        below.tells_usage
        and (around.is_of_unknown_kind or around.span_operation = below.span_operation)
    group by 1, 2

),

counted as (

    select
        described.*,
        calls_below.call_below,
        calls_below.call_below is null and described.tells_usage as is_counted
    from described
    left join calls_below on described.trace = calls_below.trace and described.span = calls_below.span

),

measured as (

    select
        *,
        {% for count in [
            'stated_input_tokens as all_input', 'cache_read_tokens as all_cache_read',
            'cache_write_tokens as all_cache_write', 'input_audio_tokens as all_input_audio',
            'input_image_tokens as all_input_image', '0 as all_input_video', 'stated_output_tokens as all_output',
            'output_audio_tokens as all_output_audio', 'output_image_tokens as all_output_image',
            '0 as all_output_video'
        ] -%}
            {% set stated, name = count.split(' as ') -%}
            case when is_counted then coalesce({{ stated }}, 0) else 0 end as {{ name }}_tokens,
        {% endfor -%}
        cache_read_audio_tokens as stated_cache_read_audio_tokens,
        cache_read_image_tokens as stated_cache_read_image_tokens
    from counted

),

leaves as (

    {{ disjoint_tokens('measured') }}

)

select
    ---------- ids
    coalesce(trace || ':', '') || coalesce(call_below, span) as request_id,
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
    team_id,
    trace as trace_id,
    {{ prompt_version() }},
    release_id,

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
    unknown_usage,
    reported_cost_usd,
    {{ whole_division('ended_nano - started_nano', '1000000') }} as latency_ms,
    cast(coalesce(milliseconds_to_first_token, seconds_to_first_token * 1000) as bigint) as time_to_first_token_ms,
    coalesce(retrieved_chunk_count, document_count) as retrieved_chunk_count,
    {{ for_each(['used_chunk_count', 'retrieved_context_tokens'], '@') }},
    coalesce(prompt_fingerprint, received_prompt_fingerprint) as prompt_fingerprint,
    coalesce(prefix_fingerprints, received_prefix_fingerprints) as prefix_fingerprints,
    coalesce(prompt_similarity, received_prompt_similarity) as prompt_similarity,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from leaves
