-- grain: one row per cell: its difference in parts, and what of the bill falls to its calls
{{ config(materialized='table') }}
-- rated + coverage + quantity + price + tier + timing + credits + rounding + unexplained = billed, without a rest: each
-- part is what is left when those before it are taken off. A little more than the quantity of the calls is a count that
-- differs. Beyond that others called, or the log is a sample: nobody saw it, and it is on no call that was seen.
with mixed as (

    select
        cells.*,
        cells.difference_usd - cells.timing_usd as untimed_usd,
        mixes.expected_cost_usd,
        case
            when not cells.has_requests or not cells.has_charges then 0
            when
                cells.quantity_cost_usd is not null
                and cells.difference_usd - cells.timing_usd > {{ var('quantity_tolerance') }} * cells.rated_cost_usd
                then coalesce({{ exact_quotient(
                    '(cells.difference_usd - cells.timing_usd)', '(cells.rated_cost_usd + cells.difference_usd)'
                ) }}, 0)
            when
                cells.quantity_cost_usd is null
                and cells.timing_usd = 0
                and cells.rated_blocks > 0
                and cells.billed_blocks > (1 + {{ var('quantity_tolerance') }}) * cells.rated_blocks
                then coalesce({{ exact_quotient(
                    '(cells.billed_blocks - cells.rated_blocks)', 'cells.billed_blocks'
                ) }}, 0)
            else 0
        end as uncovered_share
    from {{ ref('int_cells_shifted') }} as cells
    left join {{ ref('int_tier_mixes') }} as mixes
        on
            {{ for_each(cell_key() + ['invoice_id', 'billing_currency'], 'cells.@ = mixes.@', ' and ') }}

),

uncovered as (

    select
        *,
        case
            when not has_requests then contracted_cost_usd - timing_usd
            when uncovered_share = 0 then 0
            else {{ times('contracted_cost_usd', 'uncovered_share') }}
        end as coverage_usd,
        case when uncovered_share = 0 then 0 else {{ times('billed_cost_usd', 'uncovered_share') }} end
            as uncovered_cost_usd,
        case
            when uncovered_share = 0 then expected_cost_usd
            else expected_cost_usd - {{ times('expected_cost_usd', 'uncovered_share') }}
        end as covered_cost_usd
    from mixed

),

parted as (

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
    from uncovered

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
