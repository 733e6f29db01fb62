-- grain: one row per logged Gemini API call, duplicates included
with logged as (

    select
        *,
        lower(service_tier) as stated_tier
    from {{ source('gemini', 'requests') }}

),

counted as (

    {{ gemini_usage('logged') }}

),

leaves as (

    {{ disjoint_tokens('counted') }}

)

select
    ---------- ids
    -- every attempt is a call of its own, though the application gives all of them one id
    coalesce(
        response_id,
        case when attempt_number > 1 then concat(request_id, '#', cast(attempt_number as string)) else request_id end,
        record_hash
    ) as request_id,
    response_id,
    'gemini' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(requested_model, model) as requested_model,
    customer_id,
    feature_id,
    conversation_id,
    user_id,
    project_id,
    api_key_id,
    environment,
    team_id,
    tags,
    trace_id,
    {{ prompt_version() }},
    release_id,

    ---------- attributes
    case when model like '%embedding%' then 'embeddings' else 'chat' end as operation,
    -- Vertex has a host for each region, and one for the world
    nullif(regexp_extract(host, '^([a-z0-9-]+)-aiplatform[.]googleapis[.]com$', 1), '') as region_id,
    -- What served, not what was asked for: Vertex says it as traffic type, Google AI as service tier. A call that
    -- spilled over the provisioned throughput is an ordinary one.
    case
        when traffic_type = 'PROVISIONED_THROUGHPUT' then 'provisioned_throughput'
        when traffic_type = 'ON_DEMAND_PRIORITY' then 'priority'
        when traffic_type = 'ON_DEMAND_FLEX' then 'flex'
        when stated_tier <> 'unspecified' then stated_tier
    end as service_tier,
    -- a line of a batch's output, whatever tier its body names; a call with a `key` that was timed is none
    coalesce(
        processed_at is not null or (batch_key is not null and latency_ms is null) or stated_tier = 'batch', false
    ) as is_batch,
    case
        when error_code is not null or lower(status) in ('error', 'failed', 'failure') then 'error'
        -- an HTTP status
        when length(status) = 3 and substr(status, 1, 1) in ('4', '5') then 'error'
        when lower(status) in ('aborted', 'cancelled') then 'aborted'
        -- a Vertex batch tells an error in words there, and no answer beside it
        when processed_at is not null and status is not null and response_id is null then 'error'
        else 'ok'
    end as status,
    error_code,
    attempt_number,
    retry_of,

    ---------- quantities
    coalesce(prompt_tokens, candidates_tokens, thoughts_tokens) is not null as has_usage,
    {{ token_leaves() }},
    thoughts_tokens as reasoning_tokens,
    latency_ms,
    time_to_first_token_ms,
    unknown_usage,
    {{ prompt_columns() }},

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from leaves
