-- INV2: use that no commitment covers has the effective cost that was billed. Purchases may cover, taxes and credits
-- may be spread over what they are for: these may differ. The bill is the provider's: this warns and stops nothing.
-- (AWS in the public sample of FOCUS writes an effective cost of 0 beside use that it bills.)
{{ config(severity='warn') }}
select
    charge_id,
    billed_cost,
    effective_cost
from {{ ref('fct_charges') }}
where
    charge_category = 'Usage'
    and commitment_discount_id is null
    and coalesce(pricing_category, 'Standard') <> 'Committed'
    and billed_cost <> effective_cost
