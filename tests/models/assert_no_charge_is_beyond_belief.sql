-- A line of a billion is a wrong unit, or a wrong currency, far more often than a charge: this warns and stops nothing.
{{ config(severity='warn') }}
select
    source_id,
    input_id,
    record_number,
    billed_cost_usd,
    effective_cost_usd
from {{ ref('fct_charges') }}
where abs(billed_cost_usd) >= 1000000000 or abs(effective_cost_usd) >= 1000000000
