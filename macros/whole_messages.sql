{#
    Logged Anthropic messages, and each event of a stream as what its whole stream said: the given rows (whose
    `stream_event` is the type of an event, `message_id` its message) by the columns named here, and is_cut.

    Of an event's stream the last that says it holds: "token counts shown in the usage field of the message_delta event are
    cumulative" (Streaming messages), and what `message_start` counts as output is a placeholder. A stream without a delta
    was cut off. A delta has no id: it is of the message that started next above it, under the same `request_id` where the
    application writes one beside every event, unless it writes the `message_id`. By days of a file: what is built anew is
    whole days.
#}
{% macro whole_messages(logged) -%}
    {% set said = [
        'provider', 'model', 'requested_model', 'customer_id', 'feature_id', 'conversation_id', 'user_id', 'project_id',
        'api_key_id', 'organization_id', 'environment', 'team_id', 'tags', 'trace_id', 'prompt_name', 'prompt_version',
        'release_id', 'inference_geo', 'service_tier', 'speed', 'status', 'error_code', 'attempt_number', 'retry_of', 'input_tokens', 'cache_read_input_tokens',
        'cache_creation_input_tokens', 'ephemeral_5m_input_tokens', 'ephemeral_1h_input_tokens', 'output_tokens',
        'thinking_tokens', 'iterations', 'web_search_requests', 'code_execution_requests', 'latency_ms',
        'time_to_first_token_ms', 'unknown_usage', 'prompt_fingerprint', 'prefix_fingerprints', 'prompt_similarity',
        'retrieved_chunk_count', 'used_chunk_count', 'retrieved_context_tokens'
    ] %}
    {% set own = [
        'batch_custom_id', 'batch_result', 'request_id', 'usage_date', 'input_id', 'record_number', 'record_hash'
    ] %}
    {% set whole = 'over (partition by usage_date, input_id, stream_id)' %}
    {% set is_event = "coalesce(stream_event in ('message_start', 'message_delta'), false)" -%}
    select
        response_id,
        {{ for_each(own, '@') }},
        {{ for_each(said, '@') }},
        requested_at,
        false as is_cut
    from {{ logged }}
    where not {{ is_event }}
    union all
    select
        coalesce(max(message_id) {{ whole }}, response_id) as response_id,
        {{ for_each(own, '@') }},
        {{ for_each(said, 'max_by(@, case when @ is not null then record_number end) ' ~ whole ~ ' as @') }},
        min(requested_at) {{ whole }} as requested_at,
        max(case when stream_event = 'message_delta' then 1 else 0 end) {{ whole }} = 0 as is_cut
    from (
        select
            *,
            coalesce(
                message_id,
                max(message_id) over (partition by usage_date, input_id, request_id, stream_number),
                response_id,
                record_hash,
                request_id
            ) as stream_id
        from (
            select
                *,
                sum(case when stream_event = 'message_start' then 1 else 0 end)
                    over (partition by usage_date, input_id, request_id order by record_number) as stream_number
            from {{ logged }}
            where {{ is_event }}
        ) as numbered
    ) as streams
{%- endmacro %}
