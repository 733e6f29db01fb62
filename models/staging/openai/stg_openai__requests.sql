-- grain: one row per logged OpenAI API call, duplicates included
with logged as (

    select * from {{ source('openai', 'requests') }}

),

counted as (

    select
        *,
        coalesce(prompt_tokens, 0) as input_tokens,
        coalesce(cached_tokens, 0) as read_tokens,
        coalesce(cache_write_tokens, 0) as write_tokens,
        coalesce(input_audio_tokens, 0) as audio_in_tokens,
        coalesce(completion_tokens, 0) as all_output_tokens,
        coalesce(output_audio_tokens, 0) as audio_out_tokens
    from logged

)

select
    ---------- ids
    -- every attempt is a call of its own, though the application gives all of them one id
    coalesce(
        response_id,
        case when attempt_number > 1 then concat(request_id, '#', cast(attempt_number as string)) else request_id end,
        record_hash
    ) as request_id,
    'openai' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(requested_model, model) as requested_model,
    customer_id,
    feature_id,
    conversation_id,
    user_id,
    project_id,
    api_key_id,
    environment,
    trace_id,

    ---------- attributes
    case
        when path like '%/embeddings%' or object = 'list' then 'embeddings'
        when path like '%/v1/completions%' or object = 'text_completion' then 'text_completion'
        else 'chat'
    end as operation,
    service_tier,
    -- a line of a batch's output file says "default" of a call that was billed as batch
    coalesce(service_tier = 'batch' or batch_custom_id is not null, false) as is_batch,
    case
        when error_code is not null or lower(status) in ('error', 'failed', 'failure') then 'error'
        -- an HTTP status
        when length(status) = 3 and substr(status, 1, 1) in ('4', '5') then 'error'
        when lower(status) in ('aborted', 'cancelled') then 'aborted'
        else 'ok'
    end as status,
    error_code,
    attempt_number,
    retry_of,

    ---------- quantities
    prompt_tokens is not null or completion_tokens is not null as has_usage,
    -- prompt_tokens "including cached and cache-write tokens" (openai-python, completion_usage.py)
    greatest(input_tokens - read_tokens - write_tokens - audio_in_tokens, 0) as uncached_input_tokens,
    read_tokens as cache_read_tokens,
    write_tokens as cache_write_30m_tokens,
    audio_in_tokens as input_audio_tokens,
    greatest(all_output_tokens - audio_out_tokens, 0) as output_tokens,
    audio_out_tokens as output_audio_tokens,
    -- inside completion_tokens: never priced again
    reasoning_tokens,
    latency_ms,
    time_to_first_token_ms,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from counted
