-- grain: one row per result of a bucket in OpenAI's organization usage
-- `input_tokens` contains what was read from caches and written to them, `output_tokens` contains audio and images.
-- Older pages count cached audio in `input_audio_tokens`, too; where `input_cached_audio_tokens` is told, they do not.
{% set reports = {
    'completions': 'chat', 'embeddings': 'embeddings', 'moderations': 'moderation', 'images': 'image',
    'audio_speeches': 'audio', 'audio_transcriptions': 'audio', 'file_searches': 'retrieval'
} %}
with counted as (
    select
        *,
        coalesce(input_tokens, 0) as all_input_tokens,
        coalesce(input_cached_tokens, 0) as all_cache_read_tokens,
        coalesce(input_cache_write_tokens, 0) as all_cache_write_tokens,
        coalesce(input_audio_tokens, 0) + coalesce(input_cached_audio_tokens, 0) as all_input_audio_tokens,
        coalesce(input_image_tokens, 0) + coalesce(input_cached_image_tokens, 0) as all_input_image_tokens,
        0 as all_input_video_tokens,
        input_cached_audio_tokens as stated_cache_read_audio_tokens,
        input_cached_image_tokens as stated_cache_read_image_tokens,
        coalesce(output_tokens, 0) as all_output_tokens,
        coalesce(output_audio_tokens, 0) as all_output_audio_tokens,
        coalesce(output_image_tokens, 0) as all_output_image_tokens,
        0 as all_output_video_tokens
    from {{ source('openai_costs', 'provider_usage') }}
),

parted as (
    {{ disjoint_tokens('counted') }}
)

select
    ---------- ids
    'openai_costs' as source_id,
    'openai' as provider_id,
    organization_id as billing_account_id,
    project_id,
    api_key_id,
    user_id,

    ---------- attributes
    model as model_id,
    case report
        {% for report, operation in reports.items() -%}
            when '{{ report }}' then '{{ operation }}'
        {% endfor %}
    end as operation,
    service_tier,
    is_batch,

    ---------- counts: what a report does not count is not known
    case when report = 'file_searches' then num_requests else num_model_requests end as request_count,
    case when input_tokens is not null then leaf_uncached_input_tokens end as uncached_input_tokens,
    case
        when input_cached_tokens is not null
            then leaf_cache_read_tokens + leaf_cache_read_audio_tokens + leaf_cache_read_image_tokens
    end as cache_read_tokens,
    input_cache_write_30m_tokens as cache_write_30m_tokens,
    input_cache_write_12h_tokens as cache_write_12h_tokens,
    case
        when input_cache_write_tokens is not null
            then greatest(
                all_cache_write_tokens
                - coalesce(input_cache_write_30m_tokens, 0) - coalesce(input_cache_write_12h_tokens, 0),
                0
            )
    end as cache_write_unknown_tokens,
    case when input_audio_tokens is not null then leaf_input_audio_tokens end as input_audio_tokens,
    case when input_image_tokens is not null then leaf_input_image_tokens end as input_image_tokens,
    case when output_tokens is not null then leaf_output_tokens end as output_tokens,
    output_audio_tokens,
    output_image_tokens,
    case when report = 'web_searches' then num_requests end as web_search_count,
    case when report = 'file_searches' then num_requests end as storage_search_count,
    num_sessions as code_execution_count,
    images as image_count,
    seconds as audio_seconds,
    characters as character_count,

    ---------- times and lineage
    start_time as period_start_at,
    end_time as period_end_at,
    input_id,
    record_number
from parted
