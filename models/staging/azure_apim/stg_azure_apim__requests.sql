-- grain: one row per LLM call that Azure API Management logged, duplicates included
with logged as (

    select
        *,
        -- the gateway's own cache answered: no model was called
        coalesce(lower(cache) = 'hit', false) as is_cache_hit
    from {{ source('azure_apim', 'requests') }}

),

billed as (

    select
        *,
        {% for name, count in {
            'prompt_tokens': 'prompted_tokens', 'completion_tokens': 'all_output_tokens',
            'cached_tokens': 'all_cache_read_tokens'
        }.items() %}
            case when is_cache_hit then 0 else coalesce({{ name }}, 0) end as {{ count }},
        {% endfor %}
        {% for count in [
            'all_cache_write_tokens', 'all_input_audio_tokens', 'all_input_image_tokens', 'all_input_video_tokens',
            'all_output_audio_tokens', 'all_output_image_tokens', 'all_output_video_tokens'
        ] %}
            0 as {{ count }},
        {% endfor %}
        cast(null as bigint) as stated_cache_read_audio_tokens,
        cast(null as bigint) as stated_cache_read_image_tokens
    from logged

),

counted as (

    -- The gateway repeats what the model's API says: cached tokens are inside of OpenAI's prompt (completion_usage.py),
    -- "input_tokens" of Claude are without them (message.py).
    select
        *,
        prompted_tokens + case when lower(model) like 'claude%' then all_cache_read_tokens else 0 end
            as all_input_tokens
    from billed

),

leaves as (

    {{ disjoint_tokens('counted') }}

)

select
    ---------- ids
    coalesce(response_id, correlation_id, record_hash) as request_id,
    response_id,
    'azure_apim' as source_id,
    provider as provider_id,
    model as model_id,
    -- the deployment is what a caller names; the model behind it may be another each time (model router)
    deployment as requested_model,
    subscription_id as customer_id,
    api_id as feature_id,
    user_id,
    product_id as project_id,
    subscription_id as api_key_id,
    deployment as deployment_id,
    correlation_id as trace_id,

    ---------- attributes
    case
        when lower(operation) like '%embedding%' then 'embeddings'
        when lower(operation) like '%image%' then 'image'
        when lower(operation) like '%audio%' or lower(operation) like '%speech%' then 'audio'
        else 'chat'
    end as operation,
    false as is_batch,
    case
        -- "client closed request": the caller went away
        when response_code = 499 then 'aborted'
        when response_code >= 400 then 'error'
        else 'ok'
    end as status,
    case when response_code >= 400 then cast(response_code as string) end as error_code,

    ---------- quantities
    -- what the gateway saw no usage of, it writes as zeros
    is_cache_hit or all_input_tokens + all_output_tokens > 0 as has_usage,
    {{ token_leaves() }},
    latency_ms,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from leaves
