-- grain: one row per result of a bucket in Anthropic's usage report
-- The token counts are disjoint as they come: "uncached input tokens" are without what caches held.
select
    ---------- ids
    'anthropic_costs' as source_id,
    'anthropic' as provider_id,
    organization_id as billing_account_id,
    workspace_id as project_id,
    api_key_id,

    ---------- attributes
    model as model_id,
    'chat' as operation,
    coalesce(nullif(speed, 'standard'), service_tier, nullif(usage_type, 'message')) as service_tier,
    coalesce(service_tier, usage_type) = 'batch' as is_batch,
    nullif(inference_geo, 'not_available') as region_id,
    context_window,

    ---------- counts
    uncached_input_tokens,
    cache_read_input_tokens as cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    output_tokens,
    web_search_count,

    ---------- times and lineage
    starting_at as period_start_at,
    coalesce(ending_at, starting_at + interval '1' day) as period_end_at,
    input_id,
    record_number
from {{ source('anthropic_costs', 'provider_usage') }}
