-- grain: one row per model call (attempt)
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
) }}
-- The one wide write: fct_requests is a view over it, which adds what can be told from the rest of the row.
select
    ---------- ids
    rated.request_id,
    -- nearly always the request's own: an id a call is the most that a call takes on disk
    nullif(rated.response_id, rated.request_id) as response_id,
    rated.response_id is not null as has_response_id,
    rated.source_id,
    rated.enriched_by,
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
    rated.prompt_version,
    rated.release_id,
    rated.team_id,
    rated.unit_id,

    ---------- attributes
    rated.operation,
    rated.environment,
    rated.attribution_rules,
    rated.region_id,
    rated.service_tier,
    rated.is_batch,
    rated.status,
    rated.error_code,
    cast(coalesce(retries.attempt_number, rated.attempt_number, 1) as bigint) as attempt_number,
    rated.retry_of,
    coalesce(retries.retry_group_id, retried.retry_group_id) as retry_group_id,
    coalesce(retries.is_retry_inferred, false) as is_retry_inferred,
    rated.usage_status,
    rated.price_status,
    rated.price_id,

    ---------- quantities
    rated.uncached_input_tokens,
    rated.cache_read_tokens,
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
    rated.retrieved_chunk_count,
    rated.used_chunk_count,
    rated.retrieved_context_tokens,
    rated.latency_ms,
    rated.time_to_first_token_ms,

    ---------- money (of which Spark can add six without losing the last digit)
    cast(rated.input_cost_usd as decimal(32, 12)) as input_cost_usd,
    cast(rated.cache_read_cost_usd as decimal(32, 12)) as cache_read_cost_usd,
    cast(rated.cache_write_cost_usd as decimal(32, 12)) as cache_write_cost_usd,
    cast(rated.output_cost_usd as decimal(32, 12)) as output_cost_usd,
    cast(rated.tool_cost_usd as decimal(32, 12)) as tool_cost_usd,
    cast(rated.other_cost_usd as decimal(32, 12)) as other_cost_usd,
    -- where it is not the contracted one
    cast(nullif(rated.list_cost_usd, rated.contracted_cost_usd) as decimal(38, 12)) as list_cost_usd,
    cast(rated.reported_cost_usd as decimal(38, 12)) as reported_cost_usd,
    rated.exchange_rate,
    rated.exchange_rate_date,
    rated.exchange_rate_source,

    ---------- times and lineage
    rated.requested_at,
    rated.usage_date,
    {{ local_date('rated.requested_at', 'calendars.time_zone') }} as billing_date,
    rated.input_id,
    rated.record_number
from {{ ref('int_requests_converted') }} as rated
left join {{ ref('int_retries') }} as retries
    on rated.source_id = retries.source_id and rated.request_id = retries.request_id
left join (select distinct retry_group_id from {{ ref('int_retries') }}) as retried
    on rated.request_id = retried.retry_group_id
left join {{ ref('billing_calendars') }} as calendars on rated.provider_id = calendars.provider_id
