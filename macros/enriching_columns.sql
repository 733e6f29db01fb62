{# What another source may tell of a call where its system of record is silent: who and what for, never use or cost. #}
{% macro enriching_columns() -%}
    {{ return([
        'customer_id', 'feature_id', 'conversation_id', 'user_id', 'project_id', 'api_key_id', 'environment', 'team_id',
        'tags', 'trace_id', 'prompt_version', 'release_id', 'operation', 'attempt_number', 'retry_of', 'prompt_fingerprint',
        'prefix_fingerprints', 'prompt_similarity', 'latency_ms', 'time_to_first_token_ms',
        'retrieved_chunk_count', 'used_chunk_count', 'retrieved_context_tokens'
    ]) }}
{%- endmacro %}
