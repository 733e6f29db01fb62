-- grain: one row per UTC day whose calls are new, or cost another amount by the bill
{{ config(materialized='table') }}
{% set factors = for_each_component('@_factor, @_block_price_usd') %}
{% set key = 'provider_id, called_account_id, called_project_id, called_model_id, billing_date' %}
with statements as (

    select
        {{ key }},
        {{ factors }},
        1 as is_now
    from {{ ref('int_reconciliation_factors') }}
    union all
    select
        {{ key }},
        {{ factors }},
        0 as is_now
    from {{ ref('int_factors_before') }}

),

-- what both say alike changes nothing
changed as (

    select
        provider_id,
        billing_date
    from statements
    group by {{ key }}, {{ factors }}
    having count(*) = 1

)

select usage_date from {{ ref('int_touched_dates') }}
union
select usage.usage_date
from {{ ref('int_usage_rated_daily') }} as usage
inner join changed on usage.provider_id = changed.provider_id and usage.billing_date = changed.billing_date
