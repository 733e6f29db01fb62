-- grain: one row per OpenRouter generation, duplicates included
with logged as (

    select
        *,
        -- only the CSV, where it is the native count, names the id so
        case when exported_id is not null then exported_prompt_tokens else prompt_tokens end as billed_prompt_tokens,
        case when exported_id is not null then exported_completion_tokens else completion_tokens end
            as billed_completion_tokens,
        -- the CSV has no flag, and an upstream cost only of calls with a key of one's own; in JSON others have one too
        coalesce(is_byok, exported_id is not null and upstream_cost > 0, false) as is_own_key,
        cached_generation_id is not null as is_cache_hit
    from {{ source('openrouter', 'requests') }}

),

counted as (

    -- OpenRouter's response cache answered: nothing was bought
    select
        *,
        {% for name, count in {
            'billed_prompt_tokens': 'all_input_tokens', 'cached_tokens': 'all_cache_read_tokens',
            'billed_completion_tokens': 'all_output_tokens', 'image_tokens': 'all_output_image_tokens',
            'reasoning_tokens': 'thought_tokens'
        }.items() %}
            case when is_cache_hit then 0 else coalesce({{ name }}, 0) end as {{ count }},
        {% endfor %}
        0 as all_cache_write_tokens,
        0 as all_input_audio_tokens,
        0 as all_input_image_tokens,
        0 as all_input_video_tokens,
        cast(null as bigint) as stated_cache_read_audio_tokens,
        cast(null as bigint) as stated_cache_read_image_tokens,
        0 as all_output_audio_tokens,
        0 as all_output_video_tokens
    from logged

),

leaves as (

    {{ disjoint_tokens('counted') }}

)

select
    ---------- ids
    generation_id as request_id,
    -- what the application sees; with a key of one's own, the provider's log has the call too, by its own id
    case when is_own_key then coalesce(upstream_id, generation_id) else generation_id end as response_id,
    'openrouter' as source_id,
    provider as provider_id,
    -- these are models with prices of their own, which the slug does not always say: not the paid one's
    case
        when variant in ('free', 'batch') and model not like concat('%:', variant) then concat(model, ':', variant)
        else model
    end as model_id,
    model as requested_model,
    customer_id,
    app as feature_id,
    session_id as conversation_id,
    workspace_id as project_id,
    api_key_name as api_key_id,
    -- With a key of one's own, the provider bills the key's owner: rated alike ("OpenRouter passes through the pricing
    -- of the underlying providers", FAQ), and kept apart from what OpenRouter bills.
    case when is_own_key then concat('byok:', upstream_provider) end as billing_account_id,
    upstream_provider as deployment_id,

    ---------- attributes
    case
        when api_type like '%embedding%' then 'embeddings'
        when api_type like '%rerank%' then 'rerank'
        when api_type like '%image%' then 'image'
        when api_type like '%video%' then 'video'
        when api_type in ('tts', 'stt') or api_type like '%audio%' then 'audio'
        else 'chat'
    end as operation,
    nullif(data_region, 'global') as region_id,
    service_tier,
    coalesce(variant = 'batch' or model like '%:batch', false) as is_batch,
    case when is_cancelled then 'aborted' when finish_reason = 'error' then 'error' else 'ok' end as status,

    ---------- quantities
    is_cache_hit or all_input_tokens + all_output_tokens > 0 as has_usage,
    -- "reasoning tokens are included in completion tokens for billing" (OpenRouter, activity export), cached tokens in
    -- the prompt
    {{ token_leaves() }},
    thought_tokens as reasoning_tokens,
    -- of a call with one's own key, OpenRouter charges only its fee in credits
    case when is_own_key then credits + upstream_cost else total_cost end as reported_cost_usd,
    cast(round(generation_ms) as bigint) as latency_ms,
    cast(round(time_to_first_token_ms) as bigint) as time_to_first_token_ms,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from leaves
