-- grain: one row per model call of the touched dates
-- What an attribution rule sets goes before what the log says. A missing key is the member (unattributed), so that sums
-- over any dimension close.
{% set used, matchers = attribution_used(), attribution_matchers() %}
{% set attributions = ref('int_attributions') %}{# outside the condition: dbt reads dependencies once #}
select
    requests.request_id,
    requests.response_id,
    requests.source_id,
    requests.enriched_by,
    coalesce(nullif(requests.provider_id, ''), '(unknown)') as provider_id,
    coalesce(requests.model_id, requests.requested_model, '(unknown)') as model_id,
    requests.requested_model,
    coalesce({{ 'rules.set_customer_id, ' if used }}requests.customer_id, '(unattributed)') as customer_id,
    coalesce({{ 'rules.set_feature_id, ' if used }}requests.feature_id, '(unattributed)') as feature_id,
    coalesce(requests.conversation_id, '(unattributed)') as conversation_id,
    requests.user_id,
    requests.project_id,
    requests.api_key_id,
    requests.billing_account_id,
    requests.deployment_id,
    coalesce({{ 'rules.set_team_id, ' if used }}requests.team_id, '(unattributed)') as team_id,
    coalesce({{ 'rules.set_environment, ' if used }}requests.environment, 'production') as environment,
    {{ 'rules.set_unit_id' if used else 'cast(null as string)' }} as unit_id,
    {{ 'rules.attribution_rules' if used else 'cast(null as string)' }} as attribution_rules,
    requests.trace_id,
    requests.operation,
    requests.region_id,
    case
        when requests.is_batch then 'batch'
        else coalesce(nullif(nullif(requests.service_tier, 'default'), 'auto'), 'standard')
    end as service_tier,
    requests.is_batch,
    requests.status,
    requests.error_code,
    requests.attempt_number,
    requests.retry_of,
    requests.prompt_fingerprint,
    requests.has_usage,
    coalesce(requests.uncached_input_tokens, 0) as uncached_input_tokens,
    coalesce(requests.cache_read_tokens, 0) as cache_read_tokens,
    coalesce(requests.cache_read_audio_tokens, 0) as cache_read_audio_tokens,
    coalesce(requests.cache_read_image_tokens, 0) as cache_read_image_tokens,
    coalesce(requests.cache_write_5m_tokens, 0) as cache_write_5m_tokens,
    coalesce(requests.cache_write_30m_tokens, 0) as cache_write_30m_tokens,
    coalesce(requests.cache_write_1h_tokens, 0) as cache_write_1h_tokens,
    coalesce(requests.cache_write_12h_tokens, 0) as cache_write_12h_tokens,
    coalesce(requests.cache_write_unknown_tokens, 0) as cache_write_unknown_tokens,
    coalesce(requests.input_audio_tokens, 0) as input_audio_tokens,
    coalesce(requests.input_image_tokens, 0) as input_image_tokens,
    coalesce(requests.input_video_tokens, 0) as input_video_tokens,
    requests.smallest_context_size,
    requests.largest_context_size,
    coalesce(requests.output_tokens, 0) as output_tokens,
    coalesce(requests.output_audio_tokens, 0) as output_audio_tokens,
    coalesce(requests.output_image_tokens, 0) as output_image_tokens,
    coalesce(requests.output_video_tokens, 0) as output_video_tokens,
    coalesce(requests.citation_tokens, 0) as citation_tokens,
    coalesce(requests.reasoning_tokens, 0) as reasoning_tokens,
    coalesce(requests.cache_storage_token_hours, 0) as cache_storage_token_hours,
    coalesce(requests.web_search_count, 0) as web_search_count,
    coalesce(requests.image_count, 0) as image_count,
    coalesce(requests.audio_seconds, 0) as audio_seconds,
    coalesce(requests.character_count, 0) as character_count,
    coalesce(requests.page_count, 0) as page_count,
    coalesce(requests.annotated_page_count, 0) as annotated_page_count,
    coalesce(requests.message_count, 0) as message_count,
    coalesce(requests.rerank_search_count, 0) as rerank_search_count,
    coalesce(requests.storage_search_count, 0) as storage_search_count,
    coalesce(requests.code_execution_count, 0) as code_execution_count,
    requests.retrieved_chunk_count,
    requests.used_chunk_count,
    requests.retrieved_context_tokens,
    requests.reported_cost_usd,
    requests.latency_ms,
    requests.time_to_first_token_ms,
    requests.requested_at,
    requests.usage_date,
    requests.input_id,
    requests.record_number
from {{ ref('int_requests_deduplicated') }} as requests
{% if used %}
    left join {{ attributions }} as rules
        on
            {% for name in used -%}
                {% if name == 'usage_date' -%}
                    requests.usage_date = rules.usage_date
                {%- else -%}
                    coalesce({{ matchers[name] | replace('@', 'requests.') }}, '(unattributed)') = rules.{{ name }}
                {%- endif %}
                {{ 'and' if not loop.last }}
            {% endfor %}
{% endif %}
