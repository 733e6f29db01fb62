-- grain: one row per cell, and what of it no log has
-- A little more than the quantity of the calls is a count that differs. Beyond that others called, or the log is a
-- sample: nobody saw it, and it is on no call that was seen.
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

)

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
