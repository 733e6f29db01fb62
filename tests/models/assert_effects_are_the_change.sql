-- What explains a change is the change, to the last digit, and doubles leave no more than a billionth of the cost.
select *
from {{ ref('cost_change') }}
where
    {{ for_each(effect_names(), '@_effect_usd', ' + ') }} + rounding_usd <> after_usd - before_usd
    or abs(rounding_usd) > 0.000000002 * (1 + abs(before_usd) + abs(after_usd))
