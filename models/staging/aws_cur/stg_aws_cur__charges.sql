-- grain: one row per line item of an AWS bill
-- Which model a meter of Bedrock is, and how many tokens its unit holds: int_aws_meters.
with lines as (

    select
        *,
        coalesce(product_name, mapped_product_name) as offered_name,
        coalesce(net_unblended_cost, unblended_cost) as cost,
        -- negations, credits, taxes and fees repeat an amount that was used once, or say 1
        line_item_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') as is_use,
        -- eight digits less before the point: so that a sum of two keeps all twelve behind it
        cast(coalesce(net_unused_upfront_fee, unused_upfront_fee) as decimal(30, 12)) as upfront_left,
        cast(coalesce(net_unused_recurring_fee, unused_recurring_fee) as decimal(30, 12)) as recurring_left,
        cast(total_commitment as decimal(30, 12)) - cast(used_commitment as decimal(30, 12)) as commitment_left,
        -- BoxUsage:p5.48xlarge, EU-SpotUsage:g6.12xlarge, USE1-Host:ml.p4d.24xlarge: the machine is what has a price
        nullif(regexp_extract(
            usage_type,
            '(?:BoxUsage|SpotUsage|DedicatedUsage|UnusedBox|Reservation|Host|Train|Notebk|Processing|Tsform)'
            || ':((?:ml[.])?[a-z][a-z0-9-]*[.][a-z0-9-]+)$',
            1
        ), '') as instance_type
    from {{ source('aws_cur', 'charges') }}

)

select
    ---------- ids
    'aws_cur' as source_id,
    'aws' as provider_id,
    payer_account_id as billing_account_id,
    payer_account_name as billing_account_name,
    usage_account_id as sub_account_id,
    invoice_id,
    coalesce(invoicing_entity, legal_entity) as invoice_issuer_name,
    -- as Bedrock calls log who asked: the role, not its session
    coalesce(
        nullif(regexp_extract(iam_principal, ':(assumed-role/[^/]+)/', 1), ''),
        nullif(regexp_extract(iam_principal, ':(user/.+)$', 1), ''),
        iam_principal
    ) as api_key_id,

    ---------- attributes
    'AWS' as provider_name,
    legal_entity as publisher_name,
    case
        when product_code = 'AmazonEC2' then 'Compute'
        when
            product_code = 'AmazonSageMaker'
            or product_code like 'AmazonBedrock%'
            or offered_name like '%(Amazon Bedrock Edition)'
            then 'AI and Machine Learning'
    end as service_category,
    -- of a model from the Marketplace the only place of its name: Claude Sonnet 4.6 (Amazon Bedrock Edition)
    coalesce(offered_name, product_code) as service_name,
    case
        when is_use or line_item_type = 'SavingsPlanNegation' then 'Usage'
        when line_item_type in ('Fee', 'RIFee', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee') then 'Purchase'
        when line_item_type = 'Tax' then 'Tax'
        when line_item_type = 'Credit' then 'Credit'
        -- FOCUS: use and purchases "including refunds"
        when line_item_type = 'Refund'
            then case when coalesce(savings_plan_arn, reservation_arn) is not null then 'Purchase' else 'Usage' end
        else 'Adjustment'
    end as charge_category,
    case when line_item_type = 'Refund' then 'Correction' end as charge_class,
    line_item_description as charge_description,
    case
        when is_use or line_item_type = 'SavingsPlanNegation' then 'Usage-Based'
        when line_item_type in ('RIFee', 'SavingsPlanRecurringFee') then 'Recurring'
        when line_item_type in ('Fee', 'SavingsPlanUpfrontFee') then 'One-Time'
    end as charge_frequency,
    coalesce(savings_plan_arn, reservation_arn) as commitment_discount_id,
    case
        when line_item_type in ('DiscountedUsage', 'SavingsPlanCoveredUsage') then 'Used'
    end as commitment_discount_status,
    region_code as region_id,
    resource_id,
    sku as sku_id,
    case
        when product_code in ('AmazonEC2', 'AmazonSageMaker') then coalesce(instance_type, usage_type)
        else usage_type
    end as sku_meter,
    rate_code as sku_price_id,
    tags,

    ---------- quantities
    case when is_use then usage_amount end as consumed_quantity,
    case when is_use then pricing_unit end as consumed_unit,
    case
        when line_item_type in ('DiscountedUsage', 'SavingsPlanCoveredUsage') then 'Committed'
        when line_item_type = 'Usage' and usage_type like '%SpotUsage:%' then 'Dynamic'
        when line_item_type = 'Usage' and pricing_term = 'OnDemand' then 'Standard'
    end as pricing_category,
    -- FOCUS: null for a tax, which has no price
    case when line_item_type <> 'Tax' then usage_amount end as pricing_quantity,
    case when line_item_type <> 'Tax' then pricing_unit end as pricing_unit,

    ---------- money
    public_on_demand_cost as list_cost,
    cost as billed_cost,
    -- what a commitment covers costs its share of the fee, and of the fee what nothing used is left
    case
        when line_item_type = 'SavingsPlanCoveredUsage'
            then coalesce(savings_plan_net_effective_cost, savings_plan_effective_cost)
        when line_item_type = 'DiscountedUsage'
            then coalesce(reservation_net_effective_cost, reservation_effective_cost)
        when line_item_type = 'SavingsPlanRecurringFee' then commitment_left
        when line_item_type in ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') then 0
        when line_item_type = 'RIFee' and coalesce(upfront_left, recurring_left) is not null
            then coalesce(upfront_left, 0) + coalesce(recurring_left, 0)
        when line_item_type = 'RIFee' then null
        when line_item_type = 'Fee' and reservation_arn is not null then 0
        else cost
    end as effective_cost,
    currency_code as billing_currency,

    ---------- times and lineage: ends are exclusive
    billing_period_start as billing_period_start_at,
    billing_period_end as billing_period_end_at,
    usage_start as charge_period_start_at,
    usage_end as charge_period_end_at,
    input_id,
    record_number
from lines
