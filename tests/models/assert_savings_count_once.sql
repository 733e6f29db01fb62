-- Savings: low ≤ expected ≤ high, and what is left after overlap is neither less than nothing nor more than by itself.
select *
from {{ ref('savings_opportunities') }}
where
    low_saving_usd > expected_saving_usd
    or expected_saving_usd > high_saving_usd
    or stacked_saving_usd > expected_saving_usd
    or stacked_saving_usd < 0
    or high_saving_usd > potential_usd
