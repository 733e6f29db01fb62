-- grain: one row per row of int_cost_days as the last build left it
{{ config(materialized='table') }}
{% set before = last_build('intermediate', 'int_cost_days') %}
{% if before %}
    select * from {{ before }}
{% else %}
    -- none where everything is built anew
    select
        cast(null as date) as usage_date,
        cast(null as int) as has_calls,
        cast(null as decimal(38, 0)) as shared_hash
    where false
{% endif %}
