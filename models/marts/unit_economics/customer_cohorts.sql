-- grain: one row per month in which customers began, and month of their life
-- A customer begins with its first call or first revenue; month 0 is that month.
with by_customer as (

    select
        customer_id,
        cast(date_trunc('month', usage_date) as date) as month,
        sum(revenue_usd) as revenue_usd,
        sum(cogs_usd) as cogs_usd,
        sum(shared_cost_usd) as shared_cost_usd
    from {{ ref('gross_margin_daily') }}
    where customer_id not like '(%'
    group by 1, 2

),

begun as (

    select
        *,
        min(month) over (partition by customer_id) as cohort_month
    from by_customer

),

aged as (

    select
        *,
        (year(month) - year(cohort_month)) * 12 + month(month) - month(cohort_month) as month_number
    from begun

)

select
    aged.cohort_month,
    aged.month,
    cast(aged.month_number as bigint) as month_number,
    cast(count(*) as bigint) as customer_count,
    cast(sum(case when aged.revenue_usd > 0 then 1 else 0 end) as bigint) as paying_customer_count,
    cast(sum(aged.revenue_usd) as decimal(38, 12)) as revenue_usd,
    cast(sum(aged.cogs_usd) as decimal(38, 12)) as cogs_usd,
    cast(sum(aged.revenue_usd) - sum(aged.cogs_usd) as decimal(38, 12)) as gross_profit_usd,
    case
        when sum(aged.revenue_usd) > 0
            then {{ ratio('sum(aged.revenue_usd) - sum(aged.cogs_usd)', 'sum(aged.revenue_usd)') }}
    end as gross_margin
from aged
group by 1, 2, 3
