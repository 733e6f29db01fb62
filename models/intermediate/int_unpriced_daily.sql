-- grain: one row per UTC day, provider, model and reason with calls whose cost is not known
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_touched_dates() }}') }}
select
    usage_date,
    provider_id,
    model_id,
    price_status,
    count(*) as request_count,
    sum(
        uncached_input_tokens + cache_read_audio_tokens + cache_read_image_tokens
        + input_audio_tokens + input_image_tokens + input_video_tokens
    ) as input_tokens,
    sum(cache_read_tokens) as cache_read_tokens,
    sum(cache_write_tokens) as cache_write_tokens,
    sum(output_tokens + output_audio_tokens + output_image_tokens + output_video_tokens + citation_tokens)
        as output_tokens,
    min(requested_at) as first_seen_at,
    max(requested_at) as last_seen_at
from {{ ref('fct_requests') }}
where
    {{ is_unpriced() }}
    {% if is_incremental() %}
        and usage_date in (select usage_date from {{ ref('int_touched_dates') }})
    {% endif %}
group by 1, 2, 3, 4
