-- grain: one row per logged Cohere answer, or first or last event of a stream, duplicates included
with logged as (

    select
        *,
        coalesce(input_tokens, image_tokens, output_tokens, search_units, classifications) is not null as is_billed,
        -- a stream that was cut has no last event
        max(finish_reason) over (partition by usage_date, response_id) as stream_end
    from {{ source('cohere', 'requests') }}

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
    'cohere' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(requested_model, model) as requested_model,
    {{ for_each(['customer_id', 'feature_id', 'conversation_id', 'user_id', 'project_id', 'api_key_id'], '@') }},
    organization_id as billing_account_id,
    deployment as deployment_id,
    environment,
    team_id,
    tags,
    trace_id,
    {{ prompt_version() }},
    release_id,

    ---------- attributes
    case
        when path like '%/rerank%' or model like 'rerank%' or search_units is not null then 'rerank'
        when path like '%/embed%' or model like 'embed%' or response_type like 'embeddings%' then 'embeddings'
        else 'chat'
    end as operation,
    case
        when error_code is not null or lower(status) in ('error', 'failed', 'failure') then 'error'
        -- an HTTP status
        when length(status) = 3 and substr(status, 1, 1) in ('4', '5') then 'error'
        when lower(status) in ('aborted', 'cancelled') then 'aborted'
        when event in ('message-start', 'stream-start') and stream_end is null then 'aborted'
        when upper(finish_reason) like 'ERROR%' then 'error'
        else 'ok'
    end as status,
    error_code,
    attempt_number,
    retry_of,

    ---------- quantities
    is_billed as has_usage,
    coalesce(input_tokens, 0) as uncached_input_tokens,
    coalesce(image_tokens, 0) as input_image_tokens,
    coalesce(output_tokens, 0) as output_tokens,
    search_units as rerank_search_count,
    -- a kind that no price list knows
    nullif(
        trim(concat(
            case when classifications > 0 then concat('classifications=', cast(classifications as string)) else '' end,
            ' ', coalesce(unknown_usage, '')
        )), ''
    ) as unknown_usage,
    latency_ms,
    time_to_first_token_ms,
    -- of a rerank what it left, of an answer what it was given
    coalesce(retrieved_chunk_count, result_count, document_count) as retrieved_chunk_count,
    coalesce(used_chunk_count, source_count, v1_source_count) as used_chunk_count,
    retrieved_context_tokens,
    {{ prompt_columns() }},

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from logged
