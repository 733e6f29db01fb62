-- grain: one row per customer that cost or paid something
with seen as (

    select
        customer_id,
        usage_date,
        cast(null as string) as plan_id
    from {{ ref('fct_usage_hourly') }}
    union all
    select
        customer_id,
        usage_date,
        plan_id
    from {{ ref('fct_revenue') }}

)

select
    customer_id,
    -- the plan of the newest day that names one; of two on that day the later in the alphabet, on every engine
    coalesce(
        max_by(plan_id, case when plan_id <> '(unattributed)' then (usage_date, plan_id) end), '(unattributed)'
    ) as plan_id,
    min(usage_date) as first_seen_date,
    max(usage_date) as last_seen_date
from seen
group by 1
