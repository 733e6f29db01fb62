-- grain: one row per source, provider, billing account, month and billing currency
-- FOCUS: a correction of an invoiced period is a line of its own (ChargeClass "Correction") in the billing period that
-- is open, and keeps the charge period that it corrects. As billed it stands in the one, as corrected in the other.
with lines as (

    select
        source_id,
        provider_id,
        billing_account_id,
        billing_currency,
        cast(date_trunc('month', billing_period_start_at) as date) as billed_month,
        coalesce(lower(charge_class) = 'correction' and charge_period_start_at < billing_period_start_at, false)
            as is_correction,
        cast(date_trunc('month', charge_period_start_at) as date) as charge_month,
        billed_cost,
        billed_cost_usd
    from {{ ref('fct_charges') }}

),

shown as (

    select
        *,
        billed_month as month,
        billed_cost as billed,
        case when is_correction then 0 else billed_cost end as corrected,
        billed_cost_usd as billed_usd,
        case when is_correction then 0 else billed_cost_usd end as corrected_usd,
        0 as correction_count
    from lines
    union all
    select
        *,
        charge_month as month,
        0 as billed,
        billed_cost as corrected,
        0 as billed_usd,
        billed_cost_usd as corrected_usd,
        1 as correction_count
    from lines
    where is_correction

)

select
    source_id,
    provider_id,
    billing_account_id,
    month,
    billing_currency,
    cast(sum(billed) as decimal(38, 12)) as billed_cost,
    cast(sum(corrected) as decimal(38, 12)) as corrected_cost,
    cast(sum(billed_usd) as decimal(38, 12)) as billed_cost_usd,
    cast(sum(corrected_usd) as decimal(38, 12)) as corrected_cost_usd,
    cast(sum(correction_count) as bigint) as correction_count
from shown
group by 1, 2, 3, 4, 5
