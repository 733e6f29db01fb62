-- What explains a change is the change, to the last digit, and doubles leave no more than a billionth of the cost.
select *
from {{ ref('cost_change') }}
where
    {{ sum_of_effects() }} <> cast(after_usd - before_usd - rounding_usd as decimal(30, 12))
    or abs(rounding_usd) > 0.000000001 * (1 + abs(before_usd) + abs(after_usd))
