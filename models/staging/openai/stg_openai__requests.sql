-- grain: one row per logged OpenAI API call, duplicates included
with described as (

    select
        *,
        case
            when path like '%/moderations%' or model like '%moderation%' then 'moderation'
            when path like '%/embeddings%' or object = 'list' then 'embeddings'
            when path like '%/v1/completions%' or object = 'text_completion' then 'text_completion'
            -- these models answer at no other endpoint
            when path like '%/images/%' or model like '%gpt-image%' or model like 'dall-e%' then 'image'
            when path like '%/audio/%' or model like 'tts-%' or audio_seconds is not null then 'audio'
            else 'chat'
        end as operation,
        case
            when error_code is not null or lower(status) in ('error', 'failed', 'failure') then 'error'
            -- an HTTP status
            when length(status) = 3 and substr(status, 1, 1) in ('4', '5') then 'error'
            when lower(status) in ('aborted', 'cancelled') then 'aborted'
            -- "if the stream is interrupted, you may not receive the final usage chunk": its end is not in the log
            when
                coalesce(prompt_tokens, completion_tokens) is null
                and (object = 'chat.completion.chunk' or lower(status) in ('queued', 'in_progress')) then 'aborted'
            else 'ok'
        end as call_status,
        prompt_tokens is not null or completion_tokens is not null as is_billed_in_tokens
    from {{ source('openai', 'requests') }}

),

counted as (

    select
        *,
        coalesce(prompt_tokens, 0) as all_input_tokens,
        coalesce(cached_tokens, 0) as all_cache_read_tokens,
        cached_audio_tokens as stated_cache_read_audio_tokens,
        cached_image_tokens as stated_cache_read_image_tokens,
        coalesce(cache_write_tokens, 0) as all_cache_write_tokens,
        coalesce(input_audio_tokens, 0) as all_input_audio_tokens,
        coalesce(input_image_tokens, 0) as all_input_image_tokens,
        0 as all_input_video_tokens,
        coalesce(completion_tokens, 0) as all_output_tokens,
        -- speech has no details: what it puts out is audio, and nothing else
        coalesce(
            output_audio_tokens, case when path like '%/speech%' or model like '%-tts%' then completion_tokens end, 0
        ) as all_output_audio_tokens,
        -- so do images, unless `output_tokens_details` say that text is among it (openai-python, images_response.py)
        coalesce(output_image_tokens, case when operation = 'image' then completion_tokens end, 0)
            as all_output_image_tokens,
        0 as all_output_video_tokens,
        -- a model is billed by the token or by the piece: what is counted beside tokens, or of a failure, is not billed
        case
            when is_billed_in_tokens or call_status <> 'ok' or operation <> 'image' then 0 else coalesce(image_count, 0)
        end as billed_image_count,
        case
            when is_billed_in_tokens or call_status <> 'ok' or operation <> 'audio' then 0
            else coalesce(character_count, 0)
        end as billed_character_count
    from described

),

leaves as (

    {{ disjoint_tokens('counted') }}

)

select
    ---------- ids
    -- every attempt is a call of its own, though the application gives all of them one id
    coalesce(
        response_id,
        case when attempt_number > 1 then concat(request_id, '#', cast(attempt_number as string)) else request_id end,
        record_hash
    ) as request_id,
    response_id,
    'openai' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(requested_model, model) as requested_model,
    {{ for_each(['customer_id', 'feature_id', 'conversation_id', 'user_id', 'project_id', 'api_key_id'], '@') }},
    organization_id as billing_account_id,
    -- on Azure the deployment is a part of the path
    coalesce(deployment, nullif(regexp_extract(path, '/openai/deployments/([^/?]+)', 1), '')) as deployment_id,
    {{ for_each(['environment', 'team_id', 'tags', 'trace_id', 'release_id'], '@') }},
    {{ prompt_version() }},

    ---------- attributes
    operation,
    -- data residency is bought by the host: eu.api.openai.com
    nullif(regexp_extract(host, '^([a-z]+)[.]api[.]openai[.]com$', 1), '') as region_id,
    service_tier,
    -- a line of a batch's output file says "default" of a call that was billed as batch
    coalesce(service_tier = 'batch' or batch_custom_id is not null, false) as is_batch,
    call_status as status,
    error_code,
    attempt_number,
    retry_of,

    ---------- quantities
    -- a moderation uses nothing that is billed
    is_billed_in_tokens or operation = 'moderation' or audio_seconds is not null
    or billed_image_count + billed_character_count > 0 as has_usage,
    -- prompt_tokens "including cached and cache-write tokens" (openai-python, completion_usage.py)
    {{ token_leaves() }},
    greatest(all_cache_write_tokens - coalesce(cache_write_12h_tokens, 0), 0) as cache_write_30m_tokens,
    least(coalesce(cache_write_12h_tokens, 0), all_cache_write_tokens) as cache_write_12h_tokens,
    -- inside completion_tokens: never priced again
    reasoning_tokens,
    -- "counts billable searches" (openai-python, response.py, tool_usage)
    web_search_requests as web_search_count,
    billed_image_count as image_count,
    audio_seconds,
    billed_character_count as character_count,
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
