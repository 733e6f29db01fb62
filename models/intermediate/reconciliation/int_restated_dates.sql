-- grain: one row per UTC day whose calls are new or cost another amount: what is summed over calls is made anew
{{ config(materialized='table') }}
{% set remainders = 'source_id, request_id, usage_date, remainder_usd' %}
select usage_date from {{ ref('int_refactored_dates') }}
union
select usage_date
from {{ changed_rows(ref('int_invoice_remainders'), ref('int_remainders_before'), remainders) }} as changed
