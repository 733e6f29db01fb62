-- grain: one row per model call (attempt)
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook=['{{ touch_dates_of_repeated_requests() }}', '{{ delete_touched_dates() }}'],
) }}
select
    ---------- ids
    rated.request_id,
    rated.source_id,
    rated.provider_id,
    rated.model_id,
    rated.requested_model,
    rated.customer_id,
    rated.feature_id,
    rated.conversation_id,
    rated.trace_id,
    rated.user_id,
    rated.project_id,
    rated.api_key_id,
    rated.billing_account_id,
    rated.deployment_id,

    ---------- attributes
    rated.operation,
    rated.environment,
    rated.region_id,
    rated.service_tier,
    rated.is_batch,
    rated.status,
    rated.error_code,
    cast(rated.attempt_number as bigint) as attempt_number,
    rated.retry_of,
    rated.price_status,
    rated.price_id,

    ---------- quantities
    rated.uncached_input_tokens,
    rated.cache_read_tokens,
    rated.cache_write_tokens,
    rated.cache_write_5m_tokens,
    rated.cache_write_30m_tokens,
    rated.cache_write_1h_tokens,
    rated.cache_write_12h_tokens,
    rated.cache_write_unknown_tokens,
    rated.cache_read_audio_tokens,
    rated.cache_read_image_tokens,
    rated.input_audio_tokens,
    rated.input_image_tokens,
    rated.input_video_tokens,
    rated.output_tokens,
    rated.output_audio_tokens,
    rated.output_image_tokens,
    rated.output_video_tokens,
    rated.citation_tokens,
    rated.reasoning_tokens,
    rated.cache_storage_token_hours,
    rated.web_search_count,
    rated.storage_search_count,
    rated.code_execution_count,
    rated.rerank_search_count,
    rated.image_count,
    rated.audio_seconds,
    rated.character_count,
    rated.page_count,
    rated.annotated_page_count,
    rated.message_count,
    rated.latency_ms,
    rated.time_to_first_token_ms,

    ---------- money
    cast(rated.input_cost_usd as decimal(38, 12)) as input_cost_usd,
    cast(rated.cache_read_cost_usd as decimal(38, 12)) as cache_read_cost_usd,
    cast(rated.cache_write_cost_usd as decimal(38, 12)) as cache_write_cost_usd,
    cast(rated.output_cost_usd as decimal(38, 12)) as output_cost_usd,
    cast(rated.tool_cost_usd as decimal(38, 12)) as tool_cost_usd,
    cast(rated.other_cost_usd as decimal(38, 12)) as other_cost_usd,
    cast(rated.list_cost_usd as decimal(38, 12)) as list_cost_usd,
    cast(rated.contracted_cost_usd as decimal(38, 12)) as contracted_cost_usd,
    -- the best known: no invoice is reconciled yet, so the contracted cost
    cast(rated.contracted_cost_usd as decimal(38, 12)) as cost_usd,
    cast(rated.reported_cost_usd as decimal(38, 12)) as reported_cost_usd,
    false as is_invoiced,
    rated.exchange_rate,
    rated.exchange_rate_date,
    rated.exchange_rate_source,

    ---------- times and lineage
    rated.requested_at,
    rated.usage_date,
    rated.input_id,
    rated.record_number
from {{ ref('int_requests_converted') }} as rated
{% if is_incremental() %}
    -- the touched dates are deleted by now: what is left of a repeated call stands on another day
    left join {{ this }} as built
        on rated.source_id = built.source_id and rated.request_id = built.request_id
    where built.request_id is null
{% endif %}
