-- grain: one row per request exported from Helicone, duplicates included
-- names of `Helicone-Property-*` headers in the spellings that applications give them
{% set properties = {
    'customer': 'customer(?:[_-]?id)?', 'feature': 'feature(?:[_-]?id)?', 'environment': 'environment',
    'team': 'team(?:[_-]?id)?',
    'session': 'Helicone-Session-Id', 'conversation': 'conversation[_-]?id'
} %}
with logged as (

    select
        *,
        -- "We don't track tokens on cache hits, since cost is 0" (helicone, HandlerContext.ts); zeros name no request
        coalesce(cache_reference_id <> '00000000-0000-0000-0000-000000000000', false) as is_cache_hit,
        {% for property, pattern in properties.items() %}
            nullif(regexp_extract(properties, '(?i)"{{ pattern }}" *: *"([^"]*)"', 1), '') as {{ property }}_property,
        {% endfor %}
        -- a request without a user is written as the word
        case when user_id not in ('null', 'undefined') then user_id end as known_user_id
    from {{ source('helicone', 'requests') }}

),

billed as (

    select
        *,
        {% for name, count in {
            'prompt_tokens': 'prompted_tokens', 'prompt_cache_read_tokens': 'all_cache_read_tokens',
            'prompt_cache_write_tokens': 'all_cache_write_tokens', 'prompt_audio_tokens': 'all_input_audio_tokens',
            'completion_tokens': 'completed_tokens', 'completion_audio_tokens': 'all_output_audio_tokens',
            'reasoning_tokens': 'thought_tokens'
        }.items() %}
            case when is_cache_hit then 0 else coalesce({{ name }}, 0) end as {{ count }},
        {% endfor %}
        0 as all_input_image_tokens,
        0 as all_input_video_tokens,
        cast(null as bigint) as stated_cache_read_audio_tokens,
        cast(null as bigint) as stated_cache_read_image_tokens,
        0 as all_output_image_tokens,
        0 as all_output_video_tokens
    from logged

),

counted as (

    select
        *,
        -- Helicone takes cache reads out of every provider's prompt (openAIUsageProcessor.ts), cache writes not out of
        -- OpenAI's, which counts them inside.
        prompted_tokens + all_cache_read_tokens
        + case when lower(provider) in ('openai', 'azure') then 0 else all_cache_write_tokens end as all_input_tokens,
        -- "reasoning/thinking tokens are now tracked separately and NOT included in completion tokens" (ibid.)
        completed_tokens + thought_tokens as all_output_tokens
    from billed

),

leaves as (

    {{ disjoint_tokens('counted') }}

)

select
    ---------- ids
    request_id,
    'helicone' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(requested_model, model) as requested_model,
    coalesce(customer_property, known_user_id) as customer_id,
    feature_property as feature_id,
    coalesce(session_property, conversation_property) as conversation_id,
    known_user_id as user_id,
    environment_property as environment,
    team_property as team_id,
    properties as tags,
    {{ prompt_version() }},

    ---------- attributes
    case
        when lower(model) like '%embed%' then 'embeddings'
        when lower(model) like '%rerank%' then 'rerank'
        when lower(model) like 'gpt-image%' or lower(model) like 'dall-e%' then 'image'
        when lower(model) like '%whisper%' or lower(model) like '%tts%' or lower(model) like '%transcribe%' then 'audio'
        else 'chat'
    end as operation,
    false as is_batch,
    case
        when status_code = -3 then 'aborted'
        when status_code < 200 or status_code >= 400 then 'error'
        else 'ok'
    end as status,
    case when status_code < 200 or status_code >= 400 then cast(status_code as string) end as error_code,

    ---------- quantities
    -- what Helicone could not count it writes as zeros
    is_cache_hit or all_input_tokens + all_output_tokens > 0 as has_usage,
    {{ token_leaves() }},
    -- five minutes and an hour are one sum here
    all_cache_write_tokens as cache_write_unknown_tokens,
    thought_tokens as reasoning_tokens,
    -- "set cost to zero if we cannot calculate it" (LoggingHandler.ts): 0 for tokens that were used is no cost
    case when is_cache_hit then 0 when cost > 0 or all_input_tokens + all_output_tokens = 0 then cost end
        as reported_cost_usd,
    case when latency_ms >= 0 then latency_ms end as latency_ms,
    case when time_to_first_token_ms > 0 then time_to_first_token_ms end as time_to_first_token_ms,
    {{ prompt_columns() }},

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from leaves
