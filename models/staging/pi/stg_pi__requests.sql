-- grain: one row per assistant message of a pi session, duplicates included
select
    ---------- ids
    record_hash as request_id,
    'pi' as source_id,
    provider as provider_id,
    model as model_id,
    model as requested_model,
    session_id as conversation_id,

    ---------- attributes
    'chat' as operation,
    false as is_batch,
    case stop_reason when 'aborted' then 'aborted' when 'error' then 'error' else 'ok' end as status,

    ---------- quantities
    -- a call that was cut off before its first token has zeros here: pi saw its usage, and it was nothing
    input_tokens is not null or output_tokens is not null as has_usage,
    coalesce(input_tokens, 0) as uncached_input_tokens,
    coalesce(cache_read_tokens, 0) as cache_read_tokens,
    coalesce(cache_write_tokens, 0) as cache_write_unknown_tokens,
    coalesce(output_tokens, 0) as output_tokens,
    total_cost as reported_cost_usd,
    unknown_usage,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from {{ source('pi', 'requests') }}
