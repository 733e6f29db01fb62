-- grain: one row per LiteLLM spend log entry, duplicates included
with logged as (

    select
        *,
        coalesce(lower(cache_hit) = 'true', false) as is_cache_hit,
        coalesce(lower(status) = 'failure' or error_code is not null, false) as is_failed
    from {{ source('litellm', 'requests') }}

),

billed as (

    -- LiteLLM's own response cache answered: the tokens are logged, but nothing was bought
    select
        *,
        case when is_cache_hit then 0 else coalesce(prompt_tokens, 0) end as input_tokens,
        case when is_cache_hit then 0 else coalesce(cache_read_tokens, 0) end as read_tokens,
        -- the lifetimes are parts of the sum; where both are there, what they leave has no known lifetime
        case when is_cache_hit then 0 else coalesce(cache_write_5m_tokens, 0) end as write_5m_tokens,
        case when is_cache_hit then 0 else coalesce(cache_write_1h_tokens, 0) end as write_1h_tokens,
        case
            when is_cache_hit then 0
            else greatest(
                coalesce(cache_write_tokens, 0)
                - coalesce(cache_write_5m_tokens, 0)
                - coalesce(cache_write_1h_tokens, 0),
                0
            )
        end as write_unknown_tokens,
        case when is_cache_hit then 0 else coalesce(completion_tokens, 0) end as all_output_tokens,
        case when is_cache_hit then 0 else coalesce(web_search_requests, 0) end as searches
    from logged

)

select
    ---------- ids
    request_id,
    'litellm' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(model_group, model) as requested_model,
    end_user as customer_id,
    nullif(regexp_extract(request_tags, '"feature:([^"]*)"', 1), '') as feature_id,
    session_id as conversation_id,
    internal_user as user_id,
    team_id as project_id,
    api_key as api_key_id,
    nullif(regexp_extract(request_tags, '"environment:([^"]*)"', 1), '') as environment,
    trace_id,

    ---------- attributes
    case
        when call_type like '%embedding%' then 'embeddings'
        when call_type like '%rerank%' then 'rerank'
        when call_type like '%text_completion%' then 'text_completion'
        else 'chat'
    end as operation,
    service_tier,
    coalesce(service_tier = 'batch' or call_type like '%batch%', false) as is_batch,
    case when is_failed then 'error' else 'ok' end as status,
    error_code,
    attempted_retries + 1 as attempt_number,

    ---------- quantities
    -- a failure without tokens has no usage; LiteLLM writes zeros there
    (prompt_tokens is not null or completion_tokens is not null)
    and not (is_failed and input_tokens + all_output_tokens = 0) as has_usage,
    -- prompt_tokens includes cache reads and writes, for every provider (litellm, types/utils.py)
    greatest(
        input_tokens - read_tokens - write_5m_tokens - write_1h_tokens - write_unknown_tokens, 0
    ) as uncached_input_tokens,
    read_tokens as cache_read_tokens,
    write_5m_tokens as cache_write_5m_tokens,
    write_1h_tokens as cache_write_1h_tokens,
    write_unknown_tokens as cache_write_unknown_tokens,
    all_output_tokens as output_tokens,
    reasoning_tokens,
    searches as web_search_count,
    spend as reported_cost_usd,

    ---------- times and lineage
    started_at as requested_at,
    usage_date,
    input_id,
    record_number
from billed
