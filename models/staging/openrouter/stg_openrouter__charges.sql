-- grain: one row per endpoint of a model and day in OpenRouter's activity
-- `usage` is what was deducted from credits, in dollars; with keys of one's own only the fee. What the provider of such
-- a key bills (`byok_usage_inference`) is a charge of that provider, and stays in raw.
select
    ---------- ids
    'openrouter' as source_id,
    'openrouter' as provider_id,
    organization_id as billing_account_id,
    workspace_id as sub_account_id,

    ---------- attributes
    'OpenRouter' as provider_name,
    'OpenRouter' as publisher_name,
    'OpenRouter' as invoice_issuer_name,
    'AI and Machine Learning' as service_category,
    'OpenRouter API' as service_name,
    case when usage < 0 then 'Credit' else 'Usage' end as charge_category,
    'Usage-Based' as charge_frequency,
    concat_ws(' by ', model, upstream_provider) as charge_description,
    model_permaslug as sku_id,
    model as sku_meter,
    endpoint_id as resource_id,
    model as model_id,

    ---------- money: credits count when they are used, not when they are bought
    usage as billed_cost,
    usage as effective_cost,
    'USD' as billing_currency,

    ---------- times and lineage: there is no bill but by day; months are ours
    date_trunc('month', activity_date) as billing_period_start_at,
    date_trunc('month', activity_date) + interval '1' month as billing_period_end_at,
    activity_date as charge_period_start_at,
    activity_date + interval '1' day as charge_period_end_at,
    input_id,
    record_number
from {{ source('openrouter', 'charges') }}
