-- grain: one row per logged Bedrock call, duplicates included
with counted as (

    select
        *,
        coalesce(cache_write_5m_tokens, {{ listed_count('cache_details', 'ttl', '5m', 'inputTokens') }})
            as written_5m_tokens,
        coalesce(cache_write_1h_tokens, {{ listed_count('cache_details', 'ttl', '1h', 'inputTokens') }})
            as written_1h_tokens,
        coalesce(input_tokens, 0) + coalesce(output_tokens, 0)
        + coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0) as all_tokens,
        case
            when model like '%embed%' then 'embeddings'
            when model like '%rerank%' then 'rerank'
            when model like '%stability.%' or model like '%-image-%' or model like '%nova-canvas%' then 'image'
            else 'chat'
        end as kind
    from {{ source('bedrock', 'requests') }}

)

select
    ---------- ids
    coalesce(request_id, response_id, record_hash) as request_id,
    -- the AWS request id, which gateways see too; of a batch's line the answer's own
    coalesce(request_id, response_id) as response_id,
    'bedrock' as source_id,
    provider as provider_id,
    -- the prefix stays: us., eu. and global. are billed at prices of their own (genai-prices, aws)
    model as model_id,
    model as requested_model,
    customer_id,
    feature_id,
    conversation_id,
    -- the last part of an ARN is the user of IAM, or the session of a role
    coalesce(user_id, nullif(regexp_extract(caller_arn, '/([^/]+)$', 1), '')) as user_id,
    project_id,
    -- a Bedrock API key is a user of IAM; a role's sessions come and go
    coalesce(
        nullif(regexp_extract(caller_arn, ':(assumed-role/[^/]+)/', 1), ''),
        nullif(regexp_extract(caller_arn, ':(user/.+)$', 1), ''),
        caller_arn
    ) as api_key_id,
    account_id as billing_account_id,
    nullif(regexp_extract(model, ':(application-inference-profile|provisioned-model)/(.+)$', 2), '') as deployment_id,
    environment,
    team_id,
    tags,
    trace_id,
    {{ prompt_version() }},
    release_id,

    ---------- attributes
    kind as operation,
    -- a cross-region call is billed by the region that it was sent to, not by that which served it
    region as region_id,
    case
        when model like '%:provisioned-model/%' then 'provisioned_throughput'
        else coalesce(nullif(regexp_extract(service_tier, '"type" *: *"([a-z]+)"', 1), ''), service_tier)
    end as service_tier,
    batch_record_id is not null as is_batch,
    case
        when error_code is not null then 'error'
        -- a batch tells an error in the answer's place
        when batch_record_id is not null and all_tokens = 0 and response_id is null then 'error'
        else 'ok'
    end as status,
    error_code,

    ---------- quantities
    -- a refused call may count zeros, and so may what is billed by something else than tokens
    coalesce(input_tokens, output_tokens) is not null
    and not (all_tokens = 0 and (error_code is not null or kind in ('rerank', 'image'))) as has_usage,
    -- the input excludes cache reads and writes (AWS, API_runtime_TokenUsage; genai-prices, aws)
    coalesce(input_tokens, 0) as uncached_input_tokens,
    coalesce(cache_read_tokens, 0) as cache_read_tokens,
    written_5m_tokens as cache_write_5m_tokens,
    written_1h_tokens as cache_write_1h_tokens,
    -- the lifetimes are parts of the sum; where the answer does not tell them, none is known
    greatest(coalesce(cache_write_tokens, 0) - written_5m_tokens - written_1h_tokens, 0) as cache_write_unknown_tokens,
    coalesce(output_tokens, 0) as output_tokens,
    thinking_tokens as reasoning_tokens,
    latency_ms,
    unknown_usage,
    {{ prompt_columns() }},

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from counted
