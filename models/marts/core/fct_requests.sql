-- grain: one row per model call (attempt)
{{ config(materialized='view') }}
with summed as (

    select
        calls.*,
        coalesce(remainders.remainder_usd, 0) as remainder_usd,
        {{ for_each(
            ['input', 'cache_read', 'cache_write', 'output', 'tool', 'other'], '@_cost_usd', ' + '
        ) }} as contracted_cost_usd
    from {{ ref('int_requests_reconciled') }} as calls
    left join {{ ref('int_invoice_remainders') }} as remainders
        on calls.source_id = remainders.source_id and calls.request_id = remainders.request_id

)

select
    ---------- ids
    request_id,
    case when has_response_id then coalesce(response_id, request_id) end as response_id,
    source_id,
    enriched_by,
    provider_id,
    model_id,
    requested_model,
    customer_id,
    feature_id,
    conversation_id,
    trace_id,
    user_id,
    project_id,
    api_key_id,
    billing_account_id,
    deployment_id,
    prompt_version,
    release_id,
    team_id,
    unit_id,

    ---------- attributes
    operation,
    environment,
    attribution_rules,
    region_id,
    service_tier,
    is_batch,
    status,
    error_code,
    attempt_number,
    retry_of,
    retry_group_id,
    is_retry_inferred,
    usage_status,
    price_status,
    price_id,

    ---------- quantities
    uncached_input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens
    + cache_write_30m_tokens
    + cache_write_1h_tokens
    + cache_write_12h_tokens
    + cache_write_unknown_tokens as cache_write_tokens,
    {{ for_each(['5m', '30m', '1h', '12h', 'unknown'], 'cache_write_@_tokens') }},
    cache_read_audio_tokens,
    cache_read_image_tokens,
    {{ for_each(['audio', 'image', 'video'], 'input_@_tokens') }},
    output_tokens,
    output_audio_tokens,
    output_image_tokens,
    output_video_tokens,
    citation_tokens,
    reasoning_tokens,
    cache_storage_token_hours,
    web_search_count,
    storage_search_count,
    code_execution_count,
    rerank_search_count,
    image_count,
    audio_seconds,
    character_count,
    page_count,
    annotated_page_count,
    message_count,
    retrieved_chunk_count,
    used_chunk_count,
    retrieved_context_tokens,
    latency_ms,
    time_to_first_token_ms,

    ---------- money
    cast(input_cost_usd as decimal(38, 12)) as input_cost_usd,
    cast(cache_read_cost_usd as decimal(38, 12)) as cache_read_cost_usd,
    cast(cache_write_cost_usd as decimal(38, 12)) as cache_write_cost_usd,
    cast(output_cost_usd as decimal(38, 12)) as output_cost_usd,
    cast(tool_cost_usd as decimal(38, 12)) as tool_cost_usd,
    cast(other_cost_usd as decimal(38, 12)) as other_cost_usd,
    cast(coalesce(list_cost_usd, contracted_cost_usd) as decimal(38, 12)) as list_cost_usd,
    cast(contracted_cost_usd as decimal(38, 12)) as contracted_cost_usd,
    -- the best known: by the invoice where it is in, else contracted
    cast(case
        when not is_on_bill then contracted_cost_usd
        -- of what has no price of ours, what the bill says; what was not used costs nothing
        else
            remainder_usd
            + {{ for_each_component(
                'coalesce(@_invoiced_usd, @_cost_usd, case when coalesce(#, 0) = 0 then 0 end)', ' + '
            ) }}
    end as decimal(38, 12)) as cost_usd,
    cast(case
        when is_on_bill then remainder_usd + {{ for_each_component('coalesce(@_invoiced_usd, 0)', ' + ') }}
    end as decimal(38, 12)) as invoiced_cost_usd,
    reported_cost_usd,
    case
        when is_on_bill
            then {{ for_each_component('(@_invoiced_usd is not null or coalesce(@_cost_usd, #, 0) = 0)', ' and ') }}
        else false
    end as is_invoiced,
    exchange_rate,
    exchange_rate_date,
    exchange_rate_source,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from summed
