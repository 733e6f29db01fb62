-- grain: one row per logged Gemini API call, duplicates included
{% set lists = {
    'prompt': 'prompt_details', 'tool_use': 'tool_use_details', 'cached': 'cached_details', 'answer': 'candidates_details'
} %}
with by_modality as (

    select
        *,
        {% for name, list in lists.items() %}
            {% for modality in ('audio', 'image', 'document', 'video') %}
                {{ listed_count(list, 'modality', modality | upper, 'token_?[cC]ount') }}
                    as {{ name }}_{{ modality }}_tokens,
            {% endfor %}
        {% endfor %}
        lower(service_tier) as stated_tier
    from {{ source('gemini', 'requests') }}

),

counted as (

    select
        *,
        -- "total = prompt + candidates + tool_use_prompt + thoughts" (python-genai, types.py, total_token_count)
        coalesce(prompt_tokens, 0) + coalesce(tool_use_tokens, 0) as all_input_tokens,
        -- promptTokenCount "includes the number of tokens in the cached content" (python-genai, types.py)
        coalesce(cached_tokens, 0) as all_cache_read_tokens,
        case when cached_details is not null then cached_audio_tokens end as stated_cache_read_audio_tokens,
        -- a page of a document is billed as an image (genai-prices, data.py, google)
        case when cached_details is not null then cached_image_tokens + cached_document_tokens end
            as stated_cache_read_image_tokens,
        -- Gemini bills a cache by the hour that it is kept: nothing for writing it
        0 as all_cache_write_tokens,
        prompt_audio_tokens + tool_use_audio_tokens as all_input_audio_tokens,
        prompt_image_tokens + prompt_document_tokens + tool_use_image_tokens + tool_use_document_tokens
            as all_input_image_tokens,
        -- cached video is read at the price of cached text: here only what was not cached
        greatest(prompt_video_tokens + tool_use_video_tokens - cached_video_tokens, 0) as all_input_video_tokens,
        -- thoughts are outside of the candidates, and billed as output
        coalesce(candidates_tokens, 0) + coalesce(thoughts_tokens, 0) as all_output_tokens,
        answer_audio_tokens as all_output_audio_tokens,
        answer_image_tokens + answer_document_tokens as all_output_image_tokens,
        answer_video_tokens as all_output_video_tokens
    from by_modality

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
    'gemini' as source_id,
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
    case when model like '%embedding%' then 'embeddings' else 'chat' end as operation,
    -- Vertex has a host for each region, and one for the world
    nullif(regexp_extract(host, '^([a-z0-9-]+)-aiplatform[.]googleapis[.]com$', 1), '') as region_id,
    -- What served, not what was asked for: Vertex says it as traffic type, Google AI as service tier. A call that
    -- spilled over the provisioned throughput is an ordinary one.
    case
        when traffic_type = 'PROVISIONED_THROUGHPUT' then 'provisioned_throughput'
        when traffic_type = 'ON_DEMAND_PRIORITY' then 'priority'
        when traffic_type = 'ON_DEMAND_FLEX' then 'flex'
        when stated_tier <> 'unspecified' then stated_tier
    end as service_tier,
    -- a line of a batch's output, whatever tier its body names; a call with a `key` that was timed is none
    coalesce(
        processed_at is not null or (batch_key is not null and latency_ms is null) or stated_tier = 'batch', false
    ) as is_batch,
    case
        when error_code is not null or lower(status) in ('error', 'failed', 'failure') then 'error'
        -- an HTTP status
        when length(status) = 3 and substr(status, 1, 1) in ('4', '5') then 'error'
        when lower(status) in ('aborted', 'cancelled') then 'aborted'
        -- a Vertex batch tells an error in words there, and no answer beside it
        when processed_at is not null and status is not null and response_id is null then 'error'
        else 'ok'
    end as status,
    error_code,
    attempt_number,
    retry_of,

    ---------- quantities
    coalesce(prompt_tokens, candidates_tokens, thoughts_tokens) is not null as has_usage,
    {{ token_leaves() }},
    thoughts_tokens as reasoning_tokens,
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
