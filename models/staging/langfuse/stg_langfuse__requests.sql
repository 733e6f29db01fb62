-- grain: one row per exported version of an observation
-- Applications name the kinds of usage themselves; a name tells its kind by the words in it.
{% set kinds = {
    'read': '[a-zA-Z_.]*(?:cache_read|cached|cacheRead)[a-zA-Z_.]*',
    'written_5m': '[a-zA-Z_.]*(?:cache_creation|cache_write|ephemeral)[a-zA-Z_.]*_5m[a-zA-Z_.]*',
    'written_1h': '[a-zA-Z_.]*(?:cache_creation|cache_write|ephemeral)[a-zA-Z_.]*_1h[a-zA-Z_.]*',
    'written': '[a-zA-Z_.]*(?:cache_creation|cache_write|cacheWrite|cacheCreation)(?:_input_tokens|_tokens|Tokens)?',
    'input_audio': '(?:input|prompt)[a-z_.]*audio(?:_tokens)?',
    'input_image': '(?:input|prompt)[a-z_.]*image(?:_tokens)?',
    'thought': '[a-zA-Z_.]*(?:reasoning|thinking|thoughts)[a-zA-Z_.]*',
    'output_audio': '(?:output|completion)[a-z_.]*audio(?:_tokens)?',
    'output_image': '(?:output|completion)[a-z_.]*image(?:_tokens)?',
    'plain_input': 'input|input_tokens|inputTokens|prompt|prompt_tokens|promptTokens|input_text',
    'plain_output': 'output|output_tokens|outputTokens|completion|completion_tokens|completionTokens|output_text',
    'stated_total': 'total|total_tokens|totalTokens'
} %}
{% set input_parts = 'read + written_5m + written_1h + written + input_audio + input_image' %}
{% set output_parts = 'thought + output_audio + output_image' %}
with named as (

    select
        *,
        {% for kind, keys in kinds.items() %}
            {{ summed_counts('usage_details', keys) }} as {{ kind }},
        {% endfor %}
        {{ unknown_counts('usage_details', kinds.values() | join('|')) }} as unknown_usage
    from {{ source('langfuse', 'requests') }}

),

counted as (

    select
        *,
        plain_input + plain_output + {{ input_parts }} + {{ output_parts }} > 0 as has_details,
        plain_input + plain_output + {{ input_parts }} + {{ output_parts }}
        + coalesce(input_tokens, 0) + coalesce(output_tokens, 0) > 0 as has_usage,
        -- Langfuse's kinds add up to their total; who passes a provider's counts on has the parts inside
        stated_total > 0 and stated_total = plain_input + plain_output
        and {{ input_parts }} + {{ output_parts }} > 0 as has_parts_inside
    from named

),

told as (

    select
        *,
        case when has_details then plain_input else coalesce(input_tokens, 0) end
        - case when has_parts_inside then {{ input_parts }} else 0 end as uncached_input,
        -- `output` is without what was thought, which is billed as output
        case when has_details then plain_output else coalesce(output_tokens, 0) end
        + case when has_parts_inside then -output_audio - output_image else thought end as text_output,
        -- where the lifetimes are told apart, the sum beside them is theirs
        case when written_5m + written_1h = 0 then written else 0 end as written_unknown
    from counted

)

select
    ---------- ids
    observation_id as request_id,
    coalesce(response_id, logged_response_id) as response_id,
    'langfuse' as source_id,
    provider as provider_id,
    model as model_id,
    model as requested_model,
    customer_id,
    coalesce(feature_id, trace_name, case when holder_id <> observation_id then holder_name end) as feature_id,
    session_id as conversation_id,
    user_id,
    project_id,
    environment,
    team_id,
    tags,
    trace_id,
    {{ prompt_version() }},
    release_id,

    ---------- attributes
    case observation_type
        when 'EMBEDDING' then 'embeddings'
        when 'RETRIEVER' then 'retrieval'
        when 'TOOL' then 'execute_tool'
        else 'chat'
    end as operation,
    false as is_batch,
    case when level = 'ERROR' then 'error' else 'ok' end as status,

    ---------- quantities
    has_usage,
    {% for leaf, count in {
        'uncached_input': 'greatest(uncached_input, 0)', 'cache_read': 'read', 'cache_write_5m': 'written_5m',
        'cache_write_1h': 'written_1h', 'cache_write_unknown': 'written_unknown', 'input_audio': 'input_audio',
        'input_image': 'input_image', 'output': 'greatest(text_output, 0)', 'output_audio': 'output_audio',
        'output_image': 'output_image', 'reasoning': 'thought'
    }.items() -%}
        case when has_usage then {{ count }} else 0 end as {{ leaf }}_tokens,
    {% endfor -%}
    unknown_usage,
    case when has_usage then total_cost end as reported_cost_usd,
    {{ milliseconds_between('requested_at', 'ended_at') }} as latency_ms,
    {{ milliseconds_between('requested_at', 'first_token_at') }} as time_to_first_token_ms,
    -- a retriever gives documents
    coalesce(
        retrieved_chunk_count, case when observation_type = 'RETRIEVER' then output_count end
    ) as retrieved_chunk_count,
    {{ for_each(['used_chunk_count', 'retrieved_context_tokens'], '@') }},
    prompt_fingerprint,
    prefix_fingerprints,
    prompt_similarity,

    ---------- times and lineage
    requested_at,
    updated_at,
    usage_date,
    input_id,
    record_number
from told
