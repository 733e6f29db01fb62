-- grain: one row per row of int_invoice_remainders as the last build left it
{{ config(materialized='table') }}
{% set before = last_build('intermediate', 'int_invoice_remainders') %}
{% if before %}
    select * from {{ before }}
{% else %}
    -- none where everything is built anew
    select
        cast(null as string) as source_id,
        cast(null as string) as request_id,
        cast(null as date) as usage_date,
        cast(null as decimal(38, 12)) as remainder_usd
    where false
{% endif %}
