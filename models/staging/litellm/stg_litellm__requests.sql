-- grain: one row per LiteLLM spend log entry, duplicates included
{% set counts = {
    'prompt_tokens': 'all_input_tokens', 'cache_read_tokens': 'all_cache_read_tokens', 'image_count': 'images',
    'input_audio_tokens': 'all_input_audio_tokens', 'input_image_tokens': 'all_input_image_tokens',
    'input_video_tokens': 'all_input_video_tokens', 'completion_tokens': 'all_output_tokens',
    'output_audio_tokens': 'all_output_audio_tokens', 'output_video_tokens': 'all_output_video_tokens',
    'output_image_tokens': 'drawn_tokens', 'reasoning_tokens': 'thought_tokens', 'cache_write_tokens': 'written_tokens',
    'cache_write_5m_tokens': 'written_5m_tokens', 'cache_write_30m_tokens': 'written_30m_tokens',
    'cache_write_1h_tokens': 'written_1h_tokens', 'cache_write_12h_tokens': 'written_12h_tokens',
    'web_search_requests': 'web_searches', 'search_units': 'rerank_searches', 'pages_processed': 'pages',
    'pages_processed_annotation': 'annotated_pages', 'audio_seconds': 'seconds', 'character_count': 'characters' } %}
with logged as (

    select
        *,
        coalesce(lower(cache_hit) = 'true', false) as is_cache_hit,
        coalesce(lower(status) = 'failure' or error_code is not null, false) as is_failed
    from {{ source('litellm', 'requests') }}

),

billed as (

    -- LiteLLM's own response cache answered: the tokens are logged, but nothing was bought
    select
        *,
        {% for logged, count in counts.items() %}
            case when is_cache_hit then 0 else coalesce({{ logged }}, 0) end as {{ count }},
        {% endfor %}
        case
            when call_type like '%embedding%' then 'embeddings'
            when call_type like '%rerank%' then 'rerank'
            when call_type like '%text_completion%' then 'text_completion'
            when call_type like '%image%' then 'image'
            when call_type like '%video%' then 'video'
            when call_type like '%transcription%' or call_type like '%speech%' then 'audio'
            else 'chat'
        end as operation
    from logged

),

timed as (

    select
        *,
        written_5m_tokens + written_30m_tokens + written_1h_tokens + written_12h_tokens as timed_tokens
    from billed

),

counted as (

    select
        *,
        cache_read_audio_tokens as stated_cache_read_audio_tokens,
        cache_read_image_tokens as stated_cache_read_image_tokens,
        greatest(written_tokens, timed_tokens) as all_cache_write_tokens,
        -- "the number of image tokens in the output image" (litellm, types/utils.py, ImageUsage)
        case when operation = 'image' and output_image_tokens is null then all_output_tokens else drawn_tokens end
            as all_output_image_tokens
    from timed

),

leaves as (

    {{ disjoint_tokens('counted') }}

)

select
    ---------- ids
    request_id,
    case when not is_cache_hit then request_id end as response_id,  -- the provider's own (schema.prisma)
    'litellm' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(model_group, model) as requested_model,
    end_user as customer_id,
    nullif(regexp_extract(request_tags, '"feature:([^"]*)"', 1), '') as feature_id,
    session_id as conversation_id,
    internal_user as user_id,
    team_id as project_id,
    api_key as api_key_id,
    organization_id as billing_account_id,
    model_id as deployment_id,
    nullif(regexp_extract(request_tags, '"environment:([^"]*)"', 1), '') as environment,
    request_tags as tags,
    {{ for_each(['team_id', 'trace_id', 'release_id'], '@') }},
    {{ prompt_version() }},

    ---------- attributes
    operation,
    service_tier,
    coalesce(service_tier = 'batch' or call_type like '%batch%', false) as is_batch,
    case when is_failed then 'error' else 'ok' end as status,
    error_code,
    nullif(attempted_retries, 0) + 1 as attempt_number,  -- 0 of its own says nothing of the application's

    ---------- quantities
    -- A failure without tokens has no usage; LiteLLM writes zeros there, as it does where something else than tokens is
    -- billed, which it does not always tell: the units of a rerank, the characters of a speech.
    (prompt_tokens is not null or completion_tokens is not null)
    and not (
        (is_failed or (operation in ('rerank', 'image', 'video', 'audio') and not is_cache_hit))
        and all_input_tokens + all_output_tokens + rerank_searches + images + characters + seconds = 0
    ) as has_usage,
    -- prompt_tokens includes cache reads and writes, for every provider (litellm, types/utils.py)
    {{ token_leaves() }},
    {{ for_each(['5m', '30m', '1h', '12h'], 'written_@_tokens as cache_write_@_tokens') }},
    -- the lifetimes are parts of the sum; where both are there, what they leave has no known lifetime
    all_cache_write_tokens - timed_tokens as cache_write_unknown_tokens,
    thought_tokens as reasoning_tokens,
    web_searches as web_search_count,
    images as image_count,
    seconds as audio_seconds,
    characters as character_count,
    -- an annotated page costs its own price, not the plain page's on top (genai-prices, units.py)
    greatest(pages - annotated_pages, 0) as page_count,
    annotated_pages as annotated_page_count,
    rerank_searches as rerank_search_count,
    spend as reported_cost_usd,
    unknown_usage,
    {{ prompt_columns() }},

    ---------- times and lineage
    started_at as requested_at,
    {{ for_each(['usage_date', 'input_id', 'record_number'], '@') }}
from leaves
