-- grain: one row per plan with a price, customer and month
{{ config(materialized='table') }}
-- What a customer owes by the list: the price of each day that it was on the plan. Of several prices in a month the
-- newest says what is included and what may be spent; neither is shortened for a customer who came later in the month.
with months as (

    select
        cast(date_trunc('month', min(usage_date)) as date) as first_month,
        cast(date_trunc('month', max(usage_date)) as date) as last_month
    from {{ ref('fct_usage_hourly') }}

),

days as (

    select
        plans.plan_id,
        plans.customer_id,
        dates.month,
        prices.valid_from_date,
        count(*) as day_count
    from {{ ref('dim_customer_plans') }} as plans
    inner join {{ ref('plan_prices') }} as prices on plans.plan_id = prices.plan_id
    inner join {{ ref('dim_dates') }} as dates
        on
            dates.usage_date >= greatest(plans.valid_from_date, prices.valid_from_date)
            and dates.usage_date < least(plans.valid_to_date, prices.valid_to_date)
    inner join months on dates.month >= months.first_month and dates.month <= months.last_month
    group by 1, 2, 3, 4

),

priced as (

    select
        days.*,
        prices.unit_id,
        prices.included_quantity,
        prices.target_margin,
        prices.currency,
        cast(day(last_day(days.month)) as bigint) as month_days,
        max(days.valid_from_date) over (partition by days.plan_id, days.customer_id, days.month) as newest_from_date,
        {{ convert('prices.price_per_month', 'rates.reporting_per_unit') }} as price_usd,
        {{ convert('prices.overage_price', 'rates.reporting_per_unit') }} as overage_price_usd,
        {{ convert('prices.cost_limit', 'rates.reporting_per_unit') }} as cost_limit_usd
    from days
    inner join {{ ref('plan_prices') }} as prices
        on days.plan_id = prices.plan_id and days.valid_from_date = prices.valid_from_date
    left join {{ ref('int_exchange_rates') }} as rates
        on
            prices.currency = rates.currency
            and greatest(days.month, prices.valid_from_date) >= rates.valid_from_date
            and greatest(days.month, prices.valid_from_date) < rates.valid_to_date

)

select
    plan_id,
    customer_id,
    month,
    month_days,
    sum(day_count) as day_count,
    newest_from_date as valid_from_date,
    sum({{ unit_cost(
        '(cast(price_usd as decimal(23, 12)) * cast(day_count as decimal(5, 0)))', 'month_days'
    ) }}) as fee_usd,
    -- not max_by: on one engine it passes over what the newest line leaves blank
    {{ for_each(
        ['price_usd', 'overage_price_usd', 'cost_limit_usd', 'unit_id', 'included_quantity', 'target_margin',
        'currency'], 'max(case when valid_from_date = newest_from_date then @ end) as @'
    ) }}
from priced
group by 1, 2, 3, 4, 6
