-- grain: one row per endpoint of a model and day in OpenRouter's activity
-- Calls with keys of one's own are in the counts; their provider counts them, too. "Reasoning tokens are included in
-- completion tokens for billing" (OpenRouter, activity export), cached tokens in the prompt.
select
    ---------- ids
    'openrouter' as source_id,
    'openrouter' as provider_id,
    organization_id as billing_account_id,
    workspace_id as project_id,

    ---------- attributes
    model as model_id,
    case when model like '%:batch' then true end as is_batch,

    ---------- counts: older answers do not tell cached tokens
    request_count,
    greatest(prompt_tokens - coalesce(cached_tokens, 0), 0) as uncached_input_tokens,
    cached_tokens as cache_read_tokens,
    completion_tokens as output_tokens,
    usage as reported_cost_usd,

    ---------- times and lineage
    activity_date as period_start_at,
    activity_date + interval '1' day as period_end_at,
    input_id,
    record_number
from {{ source('openrouter', 'charges') }}
