-- grain: one row per row of int_reconciliation_factors as the last build left it
{{ config(materialized='table') }}
{% set before = last_build('intermediate', 'int_reconciliation_factors') %}
{% if before %}
    select * from {{ before }}
{% else %}
    -- none where everything is built anew
    select
        cast(null as string) as provider_id,
        cast(null as string) as called_account_id,
        cast(null as string) as called_project_id,
        cast(null as string) as called_model_id,
        cast(null as date) as billing_date,
        {{ for_each_component(
            'cast(null as decimal(18, 15)) as @_factor, cast(null as decimal(18, 15)) as @_block_price_usd'
        ) }}
    where false
{% endif %}
