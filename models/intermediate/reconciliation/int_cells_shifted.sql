-- grain: one row per cell
{{ config(materialized='table') }}
-- Timing: what one day has too many and its neighbour too few (a day that ends elsewhere, a line that came late). In
-- a run of days one after the other that differ, what cancels out is timing; it sums to nothing, to the last digit.
{% set series = 'provider_id, billing_month, billing_account_id, project_id, model_id, component, invoice_id, '
    ~ 'billing_currency' %}
with measured as (

    select
        *,
        -- the cost of the difference in quantity, at the price that calls were rated at; unknown where a quantity is
        case
            when not has_charges then -rated_cost_usd
            when rated_quantity > 0 and rated_cost_usd > 0 and unpriced_request_count = 0
                then {{ times('rated_cost_usd', exact_quotient('(billed_blocks - rated_blocks)', 'rated_blocks')) }}
            when rated_quantity = 0 then {{ times('billed_blocks', 'usual_price_usd') }}
        end as quantity_cost_usd
    from {{ ref('int_cells_compared') }}

),

differing as (

    select
        *,
        coalesce(quantity_cost_usd, billed_cost_usd - rated_cost_usd) as difference_usd,
        not is_monthly and coalesce(quantity_cost_usd, billed_cost_usd - rated_cost_usd) <> 0 as may_shift
    from measured

),

runs as (

    select
        *,
        {{ day_number('cell_date') }}
        - row_number() over (partition by {{ series }}, may_shift order by cell_date) as run_number
    from differing

),

netted as (

    select
        *,
        sum(case when difference_usd > 0 then difference_usd else 0 end) over run as too_much_usd,
        sum(case when difference_usd < 0 then -difference_usd else 0 end) over run as too_little_usd
    from runs
    window run as (partition by {{ series }}, may_shift, run_number)

),

shared as (

    select
        *,
        case
            when not may_shift then 0
            when (difference_usd > 0) = (too_much_usd <= too_little_usd) then difference_usd
            else {{ times('difference_usd', exact_quotient(
                'cast(least(too_much_usd, too_little_usd) as decimal(38, 12))',
                'cast(greatest(too_much_usd, too_little_usd) as decimal(38, 12))'
            )) }}
        end as shift_usd,
        row_number() over (
            partition by {{ series }}, may_shift, run_number
            order by abs(difference_usd) desc, cell_date
        ) as size_rank
    from netted

)

select
    *,
    cast(
        shift_usd - case
            when may_shift and size_rank = 1
                then sum(shift_usd) over (partition by {{ series }}, may_shift, run_number)
            else 0
        end as decimal(38, 12)
    ) as timing_usd
from shared
