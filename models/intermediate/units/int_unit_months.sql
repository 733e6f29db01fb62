-- grain: one row per month of which a call, an event or a plan is new: its units are made anew
{{ config(materialized='table') }}
{% set plan = 'customer_id, plan_id, valid_from_date, valid_to_date' %}
-- a plan that goes on for longer, or less long, is another one after the earlier end only
with stretches as (

    select
        customer_id,
        plan_id,
        valid_from_date,
        case when count(*) > 1 then min(valid_to_date) else valid_from_date end as from_date,
        max(valid_to_date) as to_date
    from {{ changed_rows(ref('dim_customer_plans'), ref('int_plans_before'), plan) }} as changed
    group by 1, 2, 3

)

select days.month
from {{ ref('dim_dates') }} as days
inner join {{ ref('int_restated_dates') }} as restated on days.usage_date = restated.usage_date
union
select days.month
from {{ ref('dim_dates') }} as days
inner join stretches on days.usage_date >= stretches.from_date and days.usage_date < stretches.to_date
union
-- an event may be told again, with another day
select month
from {{ ref('dim_dates') }}
where
    exists (
        select 1
        from {{ ref('stg_landing__files') }}
        where table_name like '%__units' and change <> 'same'
    )
