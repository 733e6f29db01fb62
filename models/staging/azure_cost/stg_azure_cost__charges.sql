-- grain: one row per line of an Azure bill
-- ActualCost and AmortizedCost tell the same usage. Where both are there, a line is AmortizedCost's, and of ActualCost
-- only what was bought in advance counts: its billed cost; the effective cost is the shares of it in AmortizedCost
-- (Microsoft, finops-toolkit, "Convert Cost Management data to FOCUS"). Where one is there, its cost is both.
with lines as (

    select
        *,
        coalesce(charge_type, 'Usage') as charged_as,
        export_type = 'AmortizedCost' as is_amortized,
        coalesce(lower(pricing_model) in ('reservation', 'savingsplan'), reservation_id is not null) as is_committed
    from {{ source('azure_cost', 'charges') }}

),

known as (

    select
        *,
        charged_as in ('Purchase', 'Refund') and is_committed as is_commitment,
        max(case when is_amortized then 1 else 0 end) over (
            partition by billing_account_id, billing_period_start
        ) = 1 as has_amortized,
        max(case when is_amortized then 0 else 1 end) over (
            partition by billing_account_id, billing_period_start
        ) = 1 as has_actual,
        max(case when is_amortized then 1 else 0 end) over (
            partition by billing_account_id, billing_period_start, subscription_id
        ) = 1 as is_amortized_too
    from lines

)

select
    ---------- ids
    'azure_cost' as source_id,
    'azure' as provider_id,
    billing_account_id,
    billing_account_name,
    '/subscriptions/' || subscription_id as sub_account_id,
    invoice_id,
    'Microsoft' as invoice_issuer_name,

    ---------- attributes
    'Microsoft' as provider_name,
    coalesce(publisher_name, case when publisher_type in ('Azure', 'Microsoft') then 'Microsoft' end) as publisher_name,
    case
        when service_family = 'AI + Machine Learning' then 'AI and Machine Learning'
        when service_family in ('Compute', 'Databases', 'Networking', 'Storage') then service_family
    end as service_category,
    meter_category as service_name,
    case
        when charged_as in ('Usage', 'UnusedReservation', 'UnusedSavingsPlan') then 'Usage'
        when charged_as in ('Purchase', 'Tax') then charged_as
        when charged_as = 'Refund' then case when is_committed then 'Purchase' else 'Usage' end
        -- RoundingAdjustment, and what Azure may yet name
        else 'Adjustment'
    end as charge_category,
    case when charged_as = 'Refund' then 'Correction' end as charge_class,
    coalesce(product_name, concat_ws(' - ', meter_subcategory, meter_name)) as charge_description,
    case charge_frequency
        when 'OneTime' then 'One-Time'
        when 'UsageBased' then 'Usage-Based'
        else charge_frequency
    end as charge_frequency,
    case when is_committed then coalesce(benefit_id, reservation_id) end as commitment_discount_id,
    case
        when charged_as like 'Unused%' then 'Unused'
        when charged_as = 'Usage' and is_committed then 'Used'
    end as commitment_discount_status,
    lower(resource_location) as region_id,
    resource_id,
    product_id as sku_id,
    meter_name as sku_meter,
    meter_id as sku_price_id,
    -- enterprise agreements leave the braces out
    case when substr(tags, 1, 1) = '{' then tags else '{' || tags || '}' end as tags,

    ---------- quantities: `1K` of old meters and `1M` of new ones are the same tokens. By FOCUS only use is consumed,
    ---------- neither what was bought nor what of it nobody used, and a tax has no price
    case when charged_as = 'Usage' then {{ in_units('quantity', 'unit_of_measure') }} end as consumed_quantity,
    case when charged_as = 'Usage' then {{ unit_name('unit_of_measure') }} end as consumed_unit,
    case lower(pricing_model)
        when 'ondemand' then 'Standard'
        when 'spot' then 'Dynamic'
        when 'reservation' then 'Committed'
        when 'savingsplan' then 'Committed'
    end as pricing_category,
    case when charged_as <> 'Tax' then quantity end as pricing_quantity,
    case when charged_as <> 'Tax' then unit_of_measure end as pricing_unit,

    ---------- money: a price of 0 is one that Azure does not tell, as of what is bought in advance
    coalesce(
        payg_cost,
        case
            when coalesce(pricing_currency, billing_currency) = billing_currency
                then {{ priced('quantity', 'nullif(payg_price, 0)') }}
        end
    ) as list_cost,
    case
        when coalesce(pricing_currency, billing_currency) = billing_currency
            then {{ priced('quantity', 'nullif(unit_price, 0)') }}
    end as contracted_cost,
    case when is_amortized and is_committed and has_actual then 0 else cost end as billed_cost,
    case when is_commitment and not is_amortized and has_amortized then 0 else cost end as effective_cost,
    upper(billing_currency) as billing_currency,

    ---------- times and lineage: ends are exclusive
    billing_period_start as billing_period_start_at,
    coalesce(
        billing_period_last_day + interval '1' day, billing_period_start + interval '1' month
    ) as billing_period_end_at,
    charge_day as charge_period_start_at,
    charge_day + interval '1' day as charge_period_end_at,
    input_id,
    record_number
from known
where is_amortized or is_commitment or not is_amortized_too
