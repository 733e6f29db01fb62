-- grain: one row per assistant line of a Claude Code session, several to a call
with used as (

    {{ message_usage(source('claude_code', 'requests')) }}

)

select
    ---------- ids
    -- A message's id is "unique object identifier" (anthropic, message.py), in every file. The request id is not of the
    -- identity: a sidechain replays its parent's messages under request ids of its own (ccusage #913).
    coalesce(message_id, request_id, record_hash) as request_id,
    message_id as response_id,
    'claude_code' as source_id,
    provider as provider_id,
    model as model_id,
    model as requested_model,
    -- the folder worked in, without the path to it, which names a person; chr(92) is Windows' separator
    nullif(regexp_extract(replace(cwd, chr(92), '/'), '([^/]+)/*$', 1), '') as feature_id,
    session_id as conversation_id,

    ---------- attributes
    'chat' as operation,
    nullif(inference_geo, 'not_available') as region_id,
    -- `service_tier` says which capacity served; `speed: fast` is what changes the price (anthropic, beta_usage.py)
    coalesce(nullif(speed, 'standard'), service_tier) as service_tier,
    coalesce(service_tier = 'batch', false) as is_batch,
    'ok' as status,

    ---------- quantities
    -- one row cannot have the prices of two models
    (input_tokens is not null or output_tokens is not null) and not is_of_several_models as has_usage,
    -- `input_tokens` excludes cache reads and writes (anthropic, message.py)
    used_input_tokens as uncached_input_tokens,
    used_cache_read_tokens as cache_read_tokens,
    used_cache_write_5m_tokens as cache_write_5m_tokens,
    used_cache_write_1h_tokens as cache_write_1h_tokens,
    -- `cache_creation_input_tokens` is the sum of the lifetimes; older lines give the sum alone
    greatest(used_cache_write_tokens - used_cache_write_5m_tokens - used_cache_write_1h_tokens, 0)
        as cache_write_unknown_tokens,
    smallest_context_size,
    largest_context_size,
    -- grows from line to line of an answer: the row with the most tokens is kept
    used_output_tokens as output_tokens,
    thinking_tokens as reasoning_tokens,
    web_search_requests as web_search_count,
    code_execution_requests as code_execution_count,
    cost_usd as reported_cost_usd,
    unknown_usage,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from used
