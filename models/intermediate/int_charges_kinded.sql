-- grain: one row per billing line
-- With what it is for, and its words.
select
    charges.*,
    classified.charge_kind,
    classified.charge_rule,
    cast(charges.charge_period_start_at as date) as usage_date
from {{ ref('int_charges_converted') }} as charges
inner join {{ ref('int_charges_classified') }} as classified
    on {{ charge_wording('charges') }} = classified.wording
