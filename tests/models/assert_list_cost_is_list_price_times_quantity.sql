-- INV4: list unit price × pricing quantity = list cost, but for corrections. In doubles, to what those can tell, as the
-- validator of FOCUS does. The bill is the provider's: this warns and stops nothing.
{{ config(severity='warn') }}
select
    charge_id,
    list_unit_price,
    pricing_quantity,
    list_cost
from {{ ref('fct_charges') }}
where
    coalesce(lower(charge_class), '') <> 'correction'
    and abs(
        cast(list_unit_price as double) * cast(pricing_quantity as double) - cast(list_cost as double)
    ) > 0.000001 + 0.000000001 * abs(cast(list_cost as double))
