-- grain: one row per billing line
{{ config(materialized='table') }}
-- What a line is to a reconciliation: `usage` is what calls were billed for, `credit` takes off, all else is `other`.
-- A correction of an invoiced period is on the bill of the open one, and no use of that.
with calendars as (

    select * from {{ ref('billing_calendars') }}

),

kinds as (

    {{ usage_kind_rows() }}

),

dated as (

    select
        charges.*,
        cast(date_trunc('month', {{ local_date('charges.billing_period_start_at', 'calendars.time_zone') }}) as date)
            as billing_month,
        {{ local_date('charges.charge_period_start_at', 'calendars.time_zone') }} as first_date,
        -- the end is exclusive
        {{ local_date("charges.charge_period_end_at - interval '1' second", 'calendars.time_zone') }} as last_date
    from {{ ref('fct_charges') }} as charges
    left join calendars on charges.provider_id = calendars.provider_id

)

select
    dated.charge_id,
    dated.provider_id,
    coalesce(dated.billing_account_id, '(unknown)') as billing_account_id,
    dated.sub_account_id,
    coalesce(dated.invoice_id, '(none)') as invoice_id,
    dated.billing_currency,
    dated.billing_month,
    dated.first_date,
    greatest(dated.first_date, dated.last_date) as last_date,
    dated.charge_kind,
    coalesce(dated.sku_meter, dated.charge_description, dated.service_name, '(none)') as sku_meter,
    {{ charge_line('dated.') }} as line,
    dated.customer_id,
    dated.feature_id,
    dated.team_id,
    dated.environment,
    coalesce(lower(dated.commitment_discount_status) = 'unused', false) as is_unused,
    case
        when dated.charge_kind in ('credit', 'refund') then 'credit'
        when
            dated.charge_kind in ('inference', 'embedding')
            and dated.charge_category = 'Usage'
            and not coalesce(
                lower(dated.charge_class) = 'correction'
                and dated.charge_period_start_at < dated.billing_period_start_at, false
            )
            then 'usage'
        else 'other'
    end as line_class,
    models.model_key,
    kinds.component,
    {{ billed_tier('lower(dated.service_tier)') }} as service_tier,
    -- counted as calls are
    case
        when lower(dated.consumed_unit) in ('token', 'tokens') or kinds.component = 'tool'
            then cast(dated.consumed_quantity as decimal(26, 6))
    end as quantity,
    dated.effective_cost,
    dated.effective_cost_usd,
    -- what it cost before a commitment took a part off, where the bill tells
    coalesce(nullif(dated.contracted_cost_usd, 0), dated.effective_cost_usd) as contracted_cost_usd,
    case
        when round(dated.effective_cost, 2) = dated.effective_cost then cast(0.005 as decimal(38, 12))
        when round(dated.effective_cost, 4) = dated.effective_cost then cast(0.00005 as decimal(38, 12))
        when round(dated.effective_cost, 6) = dated.effective_cost then cast(0.0000005 as decimal(38, 12))
        else cast(0.000000000001 as decimal(38, 12))
    end as rounding_tolerance
from dated
left join {{ ref('int_model_keys') }} as models
    on dated.provider_id = models.provider_id and dated.model_id = models.model_id
left join kinds on dated.usage_kind = kinds.usage_kind
