-- grain: one row per UTC day, provider, model and reason with calls whose cost is not known
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_touched_dates() }}') }}
select
    usage_date,
    provider_id,
    model_id,
    price_status,
    count(*) as request_count,
    sum(
        uncached_input_tokens + cache_read_tokens + cache_write_tokens + input_audio_tokens
        + output_tokens + output_audio_tokens
    ) as total_tokens,
    min(requested_at) as first_seen_at,
    max(requested_at) as last_seen_at
from {{ ref('fct_requests') }}
where
    price_status in ('unknown_model', 'no_price', 'usage_missing')
    {% if is_incremental() %}
        and usage_date in (select usage_date from {{ ref('int_touched_dates') }})
    {% endif %}
group by 1, 2, 3, 4
