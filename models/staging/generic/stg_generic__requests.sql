-- grain: one row per call of a home-made log, duplicates included
with logged as (

    select
        *,
        coalesce(cache_read_tokens, 0)
        + coalesce(cache_read_audio_tokens, 0)
        + coalesce(cache_read_image_tokens, 0)
        + coalesce(cache_write_5m_tokens, 0)
        + coalesce(cache_write_30m_tokens, 0)
        + coalesce(cache_write_1h_tokens, 0)
        + coalesce(cache_write_12h_tokens, 0)
        + coalesce(cache_write_unknown_tokens, 0)
        + coalesce(input_audio_tokens, 0)
        + coalesce(input_image_tokens, 0)
        + coalesce(input_video_tokens, 0) as other_input_tokens
    from {{ source('generic', 'requests') }}

)

select
    ---------- ids
    coalesce(request_id, record_hash) as request_id,
    response_id,
    'generic' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(requested_model, model) as requested_model,
    customer_id,
    feature_id,
    conversation_id,
    user_id,
    project_id,
    api_key_id,
    billing_account_id,
    deployment_id,
    environment,
    team_id,
    tags,
    trace_id,
    {{ prompt_version() }},
    release_id,

    ---------- attributes
    coalesce(operation, 'chat') as operation,
    region_id,
    service_tier,
    coalesce(is_batch, service_tier = 'batch', false) as is_batch,
    case
        when lower(status) in ('error', 'failed', 'failure') then 'error'
        -- an HTTP status
        when length(status) = 3 and substr(status, 1, 1) in ('4', '5') then 'error'
        when lower(status) in ('aborted', 'cancelled', 'canceled') then 'aborted'
        when status is null and error_code is not null then 'error'
        else 'ok'
    end as status,
    error_code,
    attempt_number,
    retry_of,

    ---------- quantities
    coalesce(
        input_tokens, uncached_input_tokens, output_tokens, output_audio_tokens, output_image_tokens, image_count,
        cast(audio_seconds as bigint), cast(cache_storage_token_hours as bigint), character_count, page_count,
        rerank_search_count
    ) is not null as has_usage,
    -- a log that counts all input says in `input_tokens` what is cached, too
    coalesce(uncached_input_tokens, greatest(input_tokens - other_input_tokens, 0)) as uncached_input_tokens,
    cache_read_tokens,
    cache_read_audio_tokens,
    cache_read_image_tokens,
    cache_write_5m_tokens,
    cache_write_30m_tokens,
    cache_write_1h_tokens,
    cache_write_12h_tokens,
    cache_write_unknown_tokens,
    input_audio_tokens,
    input_image_tokens,
    input_video_tokens,
    output_tokens,
    output_audio_tokens,
    output_image_tokens,
    output_video_tokens,
    citation_tokens,
    reasoning_tokens,
    cache_storage_token_hours,
    web_search_count,
    image_count,
    audio_seconds,
    character_count,
    page_count,
    annotated_page_count,
    message_count,
    rerank_search_count,
    storage_search_count,
    code_execution_count,
    reported_cost_usd,
    retrieved_chunk_count,
    used_chunk_count,
    retrieved_context_tokens,
    latency_ms,
    time_to_first_token_ms,
    {% for name in ('prompt_fingerprint', 'prefix_fingerprints', 'prompt_similarity') %}
        coalesce({{ name }}, received_{{ name }}) as {{ name }},
    {% endfor %}

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from logged
