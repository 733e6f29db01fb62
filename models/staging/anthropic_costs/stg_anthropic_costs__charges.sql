-- grain: one row per result of a day in Anthropic's cost report
-- The API has cents ("lowest units (cents), as a decimal string"), the Console's export has dollars and the name of a
-- model as people read it: Claude Sonnet 4.5 is claude-sonnet-4-5.
with costs as (
    select
        *,
        coalesce(cast(cast(amount_cents as decimal(32, 14)) * 0.01 as decimal(38, 12)), cost_usd) as amount
    from {{ source('anthropic_costs', 'charges') }}
)

select
    ---------- ids
    'anthropic_costs' as source_id,
    'anthropic' as provider_id,
    organization_id as billing_account_id,
    workspace_id as sub_account_id,
    api_key_id,

    ---------- attributes
    'Anthropic' as provider_name,
    'Anthropic' as publisher_name,
    'Anthropic' as invoice_issuer_name,
    'AI and Machine Learning' as service_category,
    'Claude API' as service_name,
    case when amount < 0 then 'Credit' else 'Usage' end as charge_category,
    'Usage-Based' as charge_frequency,
    coalesce(description, concat_ws(', ', model, cost_type, token_type)) as charge_description,
    coalesce(description, concat_ws(', ', model, cost_type, token_type)) as sku_meter,
    case when model like '% %' then lower(replace(replace(model, ' ', '-'), '.', '-')) else model end as model_id,
    case coalesce(token_type, cost_type)
        when 'uncached_input_tokens' then 'input'
        when 'input_no_cache' then 'input'
        when 'cache_read_input_tokens' then 'cache_read'
        when 'input_cache_read' then 'cache_read'
        when 'cache_creation.ephemeral_5m_input_tokens' then 'cache_write'
        when 'input_cache_write_5m' then 'cache_write'
        when 'cache_creation.ephemeral_1h_input_tokens' then 'cache_write_1h'
        when 'input_cache_write_1h' then 'cache_write_1h'
        when 'output_tokens' then 'output'
        when 'output' then 'output'
        when 'web_search' then 'web_search'
        when 'code_execution' then 'code_execution'
    end as usage_kind,
    -- `service_tier` says which capacity served; `speed: fast` is what changes the price, as in stg_anthropic__requests
    coalesce(nullif(speed, 'standard'), service_tier, nullif(usage_type, 'message')) as service_tier,
    nullif(inference_geo, 'not_available') as region_id,

    ---------- money: what was charged; nothing is amortised
    list_price_usd as list_cost,
    amount as billed_cost,
    amount as effective_cost,
    upper(coalesce(currency, 'USD')) as billing_currency,

    ---------- times and lineage: Anthropic bills by calendar month
    date_trunc('month', starting_at) as billing_period_start_at,
    date_trunc('month', starting_at) + interval '1' month as billing_period_end_at,
    starting_at as charge_period_start_at,
    coalesce(ending_at, starting_at + interval '1' day) as charge_period_end_at,
    input_id,
    record_number
from costs
