-- grain: one row per logged Anthropic API call or event of a stream, duplicates included
with messages as (

    {{ whole_messages(source('anthropic', 'requests')) }}

),

used as (

    {{ message_usage('messages') }}

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
    'anthropic' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(requested_model, model) as requested_model,
    customer_id,
    feature_id,
    conversation_id,
    user_id,
    project_id,
    api_key_id,
    organization_id as billing_account_id,
    environment,
    team_id,
    tags,
    trace_id,
    {{ prompt_version() }},
    release_id,

    ---------- attributes
    'chat' as operation,
    inference_geo as region_id,
    -- `service_tier` says which capacity served; `speed: fast` is what changes the price (anthropic, beta_usage.py)
    coalesce(nullif(speed, 'standard'), service_tier) as service_tier,
    -- a batch's results are batch calls, whatever tier their body names
    coalesce(service_tier = 'batch' or batch_custom_id is not null, false) as is_batch,
    case
        -- errored, canceled, expired: "You will not be billed for these requests" (Batch processing, result types)
        when batch_result = 'canceled' then 'aborted'
        when batch_result in ('errored', 'expired') then 'error'
        when error_code is not null or lower(status) in ('error', 'failed', 'failure') then 'error'
        -- an HTTP status
        when length(status) = 3 and substr(status, 1, 1) in ('4', '5') then 'error'
        when is_cut or lower(status) in ('aborted', 'cancelled') then 'aborted'
        else 'ok'
    end as status,
    coalesce(error_code, case when batch_result = 'expired' then batch_result end) as error_code,
    attempt_number,
    retry_of,

    ---------- quantities
    -- of a stream that was cut nobody knows the output; and one row cannot have the prices of two models
    (input_tokens is not null or output_tokens is not null) and not is_cut and not is_of_several_models as has_usage,
    -- `input_tokens` excludes cache reads and writes (anthropic, message.py)
    used_input_tokens as uncached_input_tokens,
    used_cache_read_tokens as cache_read_tokens,
    used_cache_write_5m_tokens as cache_write_5m_tokens,
    used_cache_write_1h_tokens as cache_write_1h_tokens,
    -- `cache_creation_input_tokens` is the sum of the lifetimes; older calls give the sum alone
    greatest(used_cache_write_tokens - used_cache_write_5m_tokens - used_cache_write_1h_tokens, 0)
        as cache_write_unknown_tokens,
    smallest_context_size,
    largest_context_size,
    case when is_cut then 0 else used_output_tokens end as output_tokens,
    thinking_tokens as reasoning_tokens,
    web_search_requests as web_search_count,
    code_execution_requests as code_execution_count,
    retrieved_chunk_count,
    used_chunk_count,
    retrieved_context_tokens,
    latency_ms,
    time_to_first_token_ms,
    unknown_usage,
    {{ prompt_columns() }},

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from used
