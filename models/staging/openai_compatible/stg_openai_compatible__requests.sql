-- grain: one row per logged answer in OpenAI's shape, or chunk of one, duplicates included
with logged as (

    select
        *,
        coalesce(prompt_tokens, completion_tokens, page_count) is not null or audio_seconds is not null as is_counted,
        coalesce(reasoning_tokens, outer_reasoning_tokens, 0) as thought_tokens,
        -- a stream that was cut has no chunk that says why it ended
        max(finish_reason) over (partition by usage_date, response_id) as stream_end
    from {{ source('openai_compatible', 'requests') }}

),

described as (

    select
        *,
        case
            when path like '%/embeddings%' or object = 'list' then 'embeddings'
            when path like '%/v1/completions%' or object like 'text_completion%' then 'text_completion'
            when path like '%/images/%' or model like 'gpt-image%' or model like 'dall-e%' then 'image'
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
        end as call_status,
        -- What was thought is inside of the completion, but for Perplexity (genai-prices, data.py: beside it, billed on
        -- its own), and where the total says otherwise: xAI, and Gemini, which does not even name it.
        case
            when provider = 'perplexity' then coalesce(outer_reasoning_tokens, 0)
            when total_tokens >= prompt_tokens + coalesce(completion_tokens, 0) + nullif(thought_tokens, 0)
                then thought_tokens
            when provider = 'google' then greatest(total_tokens - prompt_tokens - coalesce(completion_tokens, 0), 0)
        end as outside_tokens
    from logged

),

counted as (

    select
        *,
        -- `text_tokens` beside it may count cached tokens again (xAI): the whole holds, parts that exceed it do not
        coalesce(prompt_tokens, 0) as all_input_tokens,
        coalesce(cached_tokens, 0) as all_cache_read_tokens,
        cast(null as bigint) as stated_cache_read_audio_tokens,
        cast(null as bigint) as stated_cache_read_image_tokens,
        coalesce(cache_write_tokens, 0) as all_cache_write_tokens,
        coalesce(input_audio_tokens, 0) as all_input_audio_tokens,
        coalesce(input_image_tokens, 0) as all_input_image_tokens,
        0 as all_input_video_tokens,
        coalesce(completion_tokens, 0) + coalesce(outside_tokens, 0) as all_output_tokens,
        coalesce(output_audio_tokens, 0) as all_output_audio_tokens,
        coalesce(output_image_tokens, case when operation = 'image' then completion_tokens end, 0)
            as all_output_image_tokens,
        0 as all_output_video_tokens,
        case when is_counted or call_status <> 'ok' or operation <> 'image' then 0 else coalesce(image_count, 0) end
            as billed_image_count,
        -- a number, or Perplexity's object of parts
        cast(nullif(regexp_extract(cost, '(^|"total_cost" *: *)([0-9][0-9.eE+-]*)', 2), '') as decimal(38, 12))
            as stated_cost
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
    'openai_compatible' as source_id,
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
    service_tier,
    coalesce(service_tier = 'batch', false) as is_batch,
    call_status as status,
    error_code,
    attempt_number,
    retry_of,

    ---------- quantities
    is_counted or billed_image_count > 0 as has_usage,
    {{ token_leaves() }},
    all_cache_write_tokens as cache_write_unknown_tokens,
    greatest(thought_tokens, coalesce(outside_tokens, 0)) as reasoning_tokens,
    citation_tokens,
    -- a request's fee includes its searches, but for deep research (Perplexity, pricing)
    case when model not like 'sonar%' or model like '%deep-research%' then search_count end as web_search_count,
    page_count,
    audio_seconds,
    billed_image_count as image_count,
    -- of a call with one's own key, OpenRouter charges only its fee
    stated_cost + case when is_byok then upstream_cost else 0 end as reported_cost_usd,
    {{ for_each(['retrieved_chunk_count', 'used_chunk_count', 'retrieved_context_tokens'], '@') }},
    {{ for_each(['latency_ms', 'time_to_first_token_ms'], '@') }},
    unknown_usage,
    {{ prompt_columns() }},

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from leaves
