-- grain: one row per logged answer of a server of one's own, or chunk of one, duplicates included
with logged as (

    select
        *,
        coalesce(prompt_tokens, completion_tokens) is not null as is_counted,
        -- a stream that was cut has no chunk that says why it ended
        max(finish_reason) over (partition by usage_date, response_id) as stream_end,
        coalesce(prompt_tokens, 0) as all_input_tokens,
        coalesce(cached_tokens, 0) as all_cache_read_tokens,
        cast(null as bigint) as stated_cache_read_audio_tokens,
        cast(null as bigint) as stated_cache_read_image_tokens,
        0 as all_cache_write_tokens,
        0 as all_input_audio_tokens,
        0 as all_input_image_tokens,
        0 as all_input_video_tokens,
        coalesce(completion_tokens, 0) as all_output_tokens,
        0 as all_output_audio_tokens,
        0 as all_output_image_tokens,
        0 as all_output_video_tokens
    from {{ source('vllm', 'requests') }}

),

leaves as (

    {{ disjoint_tokens('logged') }}

)

select
    ---------- ids
    -- Ollama draws its ids from a thousand: they tell calls apart only together with the time; of a stream, whose
    -- chunks each have their own, with the hour
    case
        when system_fingerprint = 'fp_ollama'
            then coalesce(
                request_id,
                concat(
                    response_id, '@',
                    substr(cast(requested_at as string), 1, case when object like '%.chunk' then 13 else 19 end)
                )
            )
        else coalesce(
            response_id,
            case
                when attempt_number > 1 then concat(request_id, '#', cast(attempt_number as string))
                else request_id
            end,
            record_hash
        )
    end as request_id,
    case when coalesce(system_fingerprint, '') <> 'fp_ollama' then response_id end as response_id,
    'vllm' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(requested_model, model) as requested_model,
    {{ for_each(['customer_id', 'feature_id', 'conversation_id', 'user_id', 'project_id', 'api_key_id'], '@') }},
    organization_id as billing_account_id,
    -- which machine answered
    coalesce(deployment, host) as deployment_id,
    environment,
    team_id,
    tags,
    trace_id,
    {{ prompt_version() }},
    release_id,

    ---------- attributes
    case
        when path like '%/embeddings%' or object = 'list' then 'embeddings'
        when path like '%/v1/completions%' or object like 'text_completion%' then 'text_completion'
        when path like '%/rerank%' then 'rerank'
        when path like '%/audio/%' then 'audio'
        else 'chat'
    end as operation,
    case
        when error_code is not null or lower(status) in ('error', 'failed', 'failure') then 'error'
        -- an HTTP status
        when length(status) = 3 and substr(status, 1, 1) in ('4', '5') then 'error'
        when lower(status) in ('aborted', 'cancelled') then 'aborted'
        when object like '%.chunk' and not is_counted and stream_end is null then 'aborted'
        else 'ok'
    end as status,
    error_code,
    attempt_number,
    retry_of,

    ---------- quantities
    is_counted as has_usage,
    {{ token_leaves() }},
    reasoning_tokens,
    retrieved_chunk_count,
    used_chunk_count,
    retrieved_context_tokens,
    latency_ms,
    time_to_first_token_ms,
    unknown_usage,
    {{ prompt_columns() }},

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from leaves
