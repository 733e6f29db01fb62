-- grain: one row per row of dim_customer_plans as the last build left it
{{ config(materialized='table') }}
{% set before = last_build('marts', 'dim_customer_plans') %}
{% if before %}
    select
        customer_id,
        plan_id,
        valid_from_date,
        valid_to_date
    from {{ before }}
{% else %}
    -- none where everything is built anew
    select
        cast(null as string) as customer_id,
        cast(null as string) as plan_id,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date
    where false
{% endif %}
