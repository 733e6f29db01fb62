-- grain: one row per exported version of an observation
-- Applications name the kinds of usage themselves; a name tells its kind by the words in it.
{% set kinds = {
    'read': '[a-z_.]*(?:cache_read|cached)[a-z_.]*',
    'written_5m': '[a-z_.]*(?:cache_creation|cache_write)[a-z_.]*_5m',
    'written_1h': '[a-z_.]*(?:cache_creation|cache_write)[a-z_.]*_1h',
    'written': '[a-z_.]*(?:cache_creation|cache_write)(?:_input_tokens|_tokens)?',
    'input_audio': '(?:input|prompt)[a-z_.]*audio[a-z_.]*',
    'thought': '[a-z_.]*reasoning[a-z_.]*',
    'output_audio': '(?:output|completion)[a-z_.]*audio[a-z_.]*',
    'plain_input': 'input|input_tokens|prompt_tokens|promptTokens|input_text',
    'plain_output': 'output|output_tokens|completion_tokens|completionTokens|output_text',
    'stated_total': 'total|total_tokens|totalTokens'
} %}
with named as (

    select
        *,
        {% for kind, keys in kinds.items() %}
            {{ summed_counts('usage_details', keys) }} as {{ kind }},
        {% endfor %}
        regexp_extract(usage_details, '[0-9]', 0) <> '' as has_details
    from {{ source('langfuse', 'requests') }}

),

counted as (

    select
        *,
        coalesce(has_details, false) or coalesce(input_tokens, output_tokens) is not null as has_usage,
        case when has_details then plain_input else coalesce(input_tokens, 0) end as stated_input,
        case when has_details then plain_output else coalesce(output_tokens, 0) end as stated_output,
        -- Langfuse's kinds add up to their total; who passes a provider's counts on has the parts inside
        coalesce(
            stated_total > 0 and stated_total = plain_input + plain_output
            and read + written_5m + written_1h + written + input_audio + thought + output_audio > 0,
            false
        ) as has_parts_inside
    from named

)

select
    ---------- ids
    observation_id as request_id,
    'langfuse' as source_id,
    provider as provider_id,
    model as model_id,
    model as requested_model,
    customer_id,
    coalesce(feature_id, trace_name) as feature_id,
    session_id as conversation_id,
    user_id,
    project_id,
    environment,
    trace_id,

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
    greatest(
        stated_input
        - case when has_parts_inside then read + written_5m + written_1h + written + input_audio else 0 end,
        0
    ) as uncached_input_tokens,
    read as cache_read_tokens,
    written_5m as cache_write_5m_tokens,
    written_1h as cache_write_1h_tokens,
    -- where the lifetimes are told apart, the sum beside them is theirs
    case when written_5m + written_1h = 0 then written else 0 end as cache_write_unknown_tokens,
    input_audio as input_audio_tokens,
    -- `output` is without what was thought, which is billed as output
    greatest(
        stated_output + case when has_parts_inside then -output_audio else thought end,
        0
    ) as output_tokens,
    output_audio as output_audio_tokens,
    thought as reasoning_tokens,
    case when has_usage then total_cost end as reported_cost_usd,
    {{ milliseconds_between('requested_at', 'ended_at') }} as latency_ms,
    {{ milliseconds_between('requested_at', 'first_token_at') }} as time_to_first_token_ms,
    prompt_fingerprint,
    prefix_fingerprints,
    prompt_similarity,

    ---------- times and lineage
    requested_at,
    updated_at,
    usage_date,
    input_id,
    record_number
from counted
