-- grain: one row per UTC day whose calls are new or cost another amount: what is summed over calls is made anew
{{ config(materialized='table') }}
with statements as (

    select * from {{ ref('int_invoice_remainders') }}
    union all
    select * from {{ ref('int_remainders_before') }}

),

changed as (

    select
        source_id,
        request_id,
        usage_date,
        remainder_usd
    from statements
    group by 1, 2, 3, 4
    having count(*) = 1

)

select usage_date from {{ ref('int_refactored_dates') }}
union
select usage_date from changed
