-- grain: one row per cell: its difference in parts, and what of the bill falls to its calls
{{ config(materialized='table') }}
-- rated + coverage + quantity + price + tier + timing + credits + rounding + unexplained = billed, without a rest: each
-- part is what is left when those before it are taken off.
with parted as (

    select
        *,
        billed_cost_usd - contracted_cost_usd as credit_usd,
        case when has_requests and uncovered_share = 0 and quantity_cost_usd is not null then untimed_usd else 0 end
            as quantity_usd,
        case
            when has_requests and has_charges and quantity_cost_usd is not null and unpriced_request_count = 0
                then coalesce(
                    covered_cost_usd - rated_cost_usd
                    - case when uncovered_share = 0 then quantity_cost_usd else timing_usd end,
                    0
                )
            else 0
        end as tier_usd
    from {{ ref('int_cells_covered') }}

),

left_over as (

    select
        *,
        billed_cost_usd - rated_cost_usd - timing_usd - credit_usd - coverage_usd - quantity_usd - tier_usd as rest_usd
    from parted

),

named as (

    select
        *,
        case
            when rest_usd = 0 then 'none'
            -- a nano-dollar is what quotients of fifteen decimals leave over
            when abs(rest_usd) <= rounding_tolerance + cast(0.000000001 as decimal(38, 12)) then 'rounding'
            when unpriced_request_count > 0 or quantity_cost_usd is not null then 'price'
            else 'unexplained'
        end as rest_is,
        billed_cost_usd - timing_usd - uncovered_cost_usd as due_usd,
        case
            when not has_requests then 'none'
            when rated_cost_usd > 0 and unpriced_request_count = 0 then 'cost'
            when rated_quantity > 0 then 'quantity'
            when rated_cost_usd > 0 then 'cost'
            else 'none'
        end as driver
    from left_over

),

driven as (

    select
        *,
        case when driver = 'cost' then {{ exact_quotient('due_usd', 'rated_cost_usd') }} end as cost_factor,
        case when driver = 'quantity' then {{ exact_quotient('due_usd', 'rated_blocks') }} end as block_price_usd
    from named

)

select
    provider_id,
    billing_month,
    billing_account_id,
    project_id,
    model_id,
    component,
    cell_date,
    is_monthly,
    invoice_id,
    billing_currency,
    has_requests,
    has_charges,
    line_count,
    unpriced_request_count,
    rated_quantity,
    billed_quantity,
    rated_cost_usd,
    billed_cost,
    billed_cost_usd,
    coverage_usd,
    quantity_usd,
    case when rest_is = 'price' then rest_usd else 0 end as price_usd,
    tier_usd,
    timing_usd,
    credit_usd,
    case when rest_is = 'rounding' then rest_usd else 0 end as rounding_usd,
    case when rest_is = 'unexplained' then rest_usd else 0 end as unexplained_usd,
    cost_factor,
    block_price_usd,
    -- what its calls come to; without a factor nothing can be told of them, and the bill stays unattributed
    case when cost_factor is null and block_price_usd is null then 0 else due_usd end as due_usd
from driven
