-- grain: one row per result of a day in OpenAI's organization costs
-- A day says what was charged on it, credits as negative lines. The line item tells model, kind of use and tier, by the
-- rules of seeds/openai_line_items.csv; what no rule tells is NULL.
with costs as (
    select
        *,
        lower(line_item) as line_item_words
    from {{ source('openai_costs', 'charges') }}
),

fitting as (
    select
        line_items.line_item_words,
        rules.rule_number,
        rules.usage_kind,
        rules.service_tier,
        nullif(regexp_extract(line_items.line_item_words, rules.pattern, 1), '') as model_id
    from (select distinct line_item_words from costs) as line_items
    inner join {{ ref('openai_line_items') }} as rules
        on regexp_extract(line_items.line_item_words, rules.pattern, 0) <> ''
),

told as (
    select
        line_item_words,
        min_by(model_id, rule_number) filter (where model_id is not null) as model_id,
        min_by(usage_kind, rule_number) filter (where usage_kind is not null) as usage_kind,
        min_by(service_tier, rule_number) filter (where service_tier is not null) as service_tier
    from fitting
    group by 1
)

select
    ---------- ids
    'openai_costs' as source_id,
    'openai' as provider_id,
    costs.organization_id as billing_account_id,
    costs.organization_name as billing_account_name,
    costs.project_id as sub_account_id,
    costs.api_key_id,

    ---------- attributes
    'OpenAI' as provider_name,
    'OpenAI' as publisher_name,
    'OpenAI' as invoice_issuer_name,
    'AI and Machine Learning' as service_category,
    'OpenAI API' as service_name,
    case when costs.amount < 0 then 'Credit' else 'Usage' end as charge_category,
    'Usage-Based' as charge_frequency,
    costs.line_item as charge_description,
    costs.line_item as sku_meter,
    told.model_id,
    told.usage_kind,
    told.service_tier,

    ---------- quantities: the Costs API counts tokens by one or by a thousand, time in one of three units
    cast(
        cast(costs.quantity as decimal(28, 9)) * cast(case costs.quantity_unit
            when '1000_tokens' then 1000
            when 'duration_minutes' then 60
            when 'duration_hours' then 3600
            else 1
        end as decimal(4, 0)) as decimal(38, 18)
    ) as consumed_quantity,
    case costs.quantity_unit
        when '1000_tokens' then 'tokens'
        when 'duration_seconds' then 'seconds'
        when 'duration_minutes' then 'seconds'
        when 'duration_hours' then 'seconds'
        else costs.quantity_unit
    end as consumed_unit,
    costs.quantity as pricing_quantity,
    costs.quantity_unit as pricing_unit,

    ---------- money: what was charged; nothing is amortised
    costs.amount as billed_cost,
    costs.amount as effective_cost,
    upper(costs.currency) as billing_currency,

    ---------- times and lineage: OpenAI bills by calendar month
    date_trunc('month', costs.start_time) as billing_period_start_at,
    date_trunc('month', costs.start_time) + interval '1' month as billing_period_end_at,
    costs.start_time as charge_period_start_at,
    costs.end_time as charge_period_end_at,
    costs.input_id,
    costs.record_number
from costs
left join told on costs.line_item_words = told.line_item_words
