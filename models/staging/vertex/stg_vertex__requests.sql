-- grain: one row per logged call on Vertex AI, duplicates included
with logged as (

    select
        *,
        coalesce(input_tokens, output_tokens) is not null as is_claude
    from {{ source('vertex', 'requests') }}

),

counted as (

    {{ gemini_usage('logged') }}

),

leaves as (

    {{ disjoint_tokens('counted') }}

)

select
    ---------- ids
    coalesce(response_id, request_id, record_hash) as request_id,
    response_id,
    'vertex' as source_id,
    provider as provider_id,
    model as model_id,
    coalesce(requested_model, model) as requested_model,
    customer_id,
    feature_id,
    conversation_id,
    environment,
    team_id,
    -- projects/<project>/locations/<region>/…
    nullif(regexp_extract(endpoint, 'projects/([^/]+)/', 1), '') as project_id,

    ---------- attributes
    case when model like '%embedding%' then 'embeddings' else 'chat' end as operation,
    nullif(regexp_extract(endpoint, 'locations/([^/]+)/', 1), '') as region_id,
    -- a call that spilled over the provisioned throughput is an ordinary one
    case
        when traffic_type = 'PROVISIONED_THROUGHPUT' then 'provisioned_throughput'
        when traffic_type = 'ON_DEMAND_PRIORITY' then 'priority'
        when traffic_type = 'ON_DEMAND_FLEX' then 'flex'
    end as service_tier,
    coalesce(lower(api_method) like '%batch%', false) as is_batch,
    case when error_code is not null then 'error' else 'ok' end as status,
    error_code,

    ---------- quantities
    is_claude or coalesce(prompt_tokens, candidates_tokens, thoughts_tokens) is not null as has_usage,
    -- Claude's `input_tokens` excludes cache reads and writes (anthropic, message.py)
    case when is_claude then coalesce(input_tokens, 0) else leaf_uncached_input_tokens end as uncached_input_tokens,
    case when is_claude then coalesce(cache_read_input_tokens, 0) else leaf_cache_read_tokens end as cache_read_tokens,
    {{ for_each(
        ['cache_read_audio', 'cache_read_image', 'input_audio', 'input_image', 'input_video', 'output_audio',
         'output_image', 'output_video'],
        'leaf_@_tokens as @_tokens'
    ) }},
    ephemeral_5m_input_tokens as cache_write_5m_tokens,
    ephemeral_1h_input_tokens as cache_write_1h_tokens,
    greatest(
        coalesce(cache_creation_input_tokens, 0)
        - coalesce(ephemeral_5m_input_tokens, 0) - coalesce(ephemeral_1h_input_tokens, 0),
        0
    ) as cache_write_unknown_tokens,
    case when is_claude then coalesce(output_tokens, 0) else leaf_output_tokens end as output_tokens,
    thoughts_tokens as reasoning_tokens,
    web_search_requests as web_search_count,
    prompt_fingerprint,
    prefix_fingerprints,
    prompt_similarity,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from leaves
