-- grain: one row per customer and stretch of days on one plan (SCD type 2)
-- depends_on: {{ ref('int_plans_before') }}
-- A customer in seeds/customer_plans.csv is on the plan that it says. For others revenue lines tell: of two plans on
-- one day that which earns more; on days without such a line (a trial, a month that is not invoiced yet) subscriptions.
with stated as (

    select
        customer_id,
        plan_id,
        segment_id,
        valid_from_date,
        -- a later line ends an earlier one
        least(
            valid_to_date,
            coalesce(lead(valid_from_date) over (partition by customer_id order by valid_from_date), valid_to_date)
        ) as valid_to_date
    from {{ ref('customer_plans') }}

),

revenue_days as (

    select
        customer_id,
        usage_date,
        max_by(plan_id, (revenue_usd, plan_id)) as plan_id,
        count(*) as plan_count
    from (
        select
            customer_id,
            usage_date,
            plan_id,
            sum(revenue_usd) as revenue_usd
        from {{ ref('fct_revenue') }}
        where plan_id <> '(unattributed)' and customer_id not in (select customer_id from stated)
        group by 1, 2, 3
    ) as by_plan
    group by 1, 2

),

plan_days as (

    select
        *,
        'revenue' as told_by
    from revenue_days
    union all
    select
        subscribed.customer_id,
        subscribed.usage_date,
        subscribed.plan_id,
        1 as plan_count,
        'subscription' as told_by
    from {{ ref('int_plans_subscribed') }} as subscribed
    left join revenue_days
        on subscribed.customer_id = revenue_days.customer_id and subscribed.usage_date = revenue_days.usage_date
    where
        revenue_days.customer_id is null
        and subscribed.customer_id not in (select customer_id from stated)

),

-- days that follow each other on one plan have the same distance to their place in the order
stretches as (

    select
        customer_id,
        plan_id,
        usage_date,
        plan_count,
        told_by,
        {{ day_number('usage_date') }}
        - row_number() over (partition by customer_id, plan_id, told_by order by usage_date) as stretch
    from plan_days

),

told as (

    select
        customer_id,
        plan_id,
        told_by,
        stretch,
        min(usage_date) as valid_from_date,
        cast(max(usage_date) + interval 1 day as date) as valid_to_date,
        cast(sum(case when plan_count > 1 then 1 else 0 end) as bigint) as conflict_day_count
    from stretches
    group by 1, 2, 3, 4

),

unioned as (

    select
        customer_id,
        plan_id,
        segment_id,
        valid_from_date,
        valid_to_date,
        'stated' as told_by,
        cast(0 as bigint) as conflict_day_count
    from stated
    where valid_from_date < valid_to_date
    union all
    select
        customer_id,
        plan_id,
        '(none)' as segment_id,
        valid_from_date,
        valid_to_date,
        told_by,
        conflict_day_count
    from told

)

select
    unioned.customer_id,
    unioned.plan_id,
    unioned.segment_id,
    unioned.valid_from_date,
    unioned.valid_to_date,
    unioned.told_by,
    unioned.conflict_day_count,
    lead(unioned.valid_from_date) over (
        partition by unioned.customer_id order by unioned.valid_from_date
    ) is null as is_newest
from unioned
