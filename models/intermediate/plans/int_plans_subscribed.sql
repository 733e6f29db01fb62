-- grain: one row per customer and day on a subscription
-- Of several plans on a day the dearest. Known until the newest of calls and revenue.
with told as (

    {{ union_staged('plans') }}

),

known as (

    select
        greatest(
            (select max(usage_date) from {{ ref('fct_usage_hourly') }}),
            (select max(usage_date) from {{ ref('fct_revenue') }})
        ) as newest_date

)

select
    coalesce(ids.customer_id, told.customer_id) as customer_id,
    dates.usage_date,
    max_by(told.plan_id, (told.plan_weight, told.plan_id)) as plan_id
from told
left join {{ ref('customer_ids') }} as ids
    on told.source_id = ids.source_id and told.customer_id = ids.billing_customer_id
cross join known
inner join {{ ref('dim_dates') }} as dates
    on
        told.valid_from_date <= dates.usage_date
        and told.valid_to_date > dates.usage_date
        and known.newest_date >= dates.usage_date
group by 1, 2
