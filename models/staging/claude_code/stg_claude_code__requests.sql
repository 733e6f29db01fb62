-- grain: one row per assistant line of a Claude Code session, several to a call
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
    input_tokens is not null or output_tokens is not null as has_usage,
    -- `input_tokens` excludes cache reads and writes (anthropic, message.py)
    coalesce(input_tokens, 0) as uncached_input_tokens,
    coalesce(cache_read_input_tokens, 0) as cache_read_tokens,
    coalesce(ephemeral_5m_input_tokens, 0) as cache_write_5m_tokens,
    coalesce(ephemeral_1h_input_tokens, 0) as cache_write_1h_tokens,
    -- `cache_creation_input_tokens` is the sum of the lifetimes; older lines give the sum alone
    greatest(
        coalesce(cache_creation_input_tokens, 0)
        - coalesce(ephemeral_5m_input_tokens, 0)
        - coalesce(ephemeral_1h_input_tokens, 0),
        0
    ) as cache_write_unknown_tokens,
    -- grows from line to line of an answer: the row with the most tokens is kept
    coalesce(output_tokens, 0) as output_tokens,
    thinking_tokens as reasoning_tokens,
    web_search_requests as web_search_count,
    code_execution_requests as code_execution_count,
    cost_usd as reported_cost_usd,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from {{ source('claude_code', 'requests') }}
