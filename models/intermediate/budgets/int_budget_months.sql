-- grain: one row per budget and month: how it stands at the newest day of the month
{{ config(materialized='table') }}
{% set at_last = [
    'day_count', 'days_left', 'unpriced_count', 'run_rate_usd', 'spent_usd', 'expected_usd', 'budget_state'
] %}
with days as (

    select
        *,
        max(case when budget_state = 'within' then usage_date end) over (partition by budget_id, month)
            as last_within_date
    from {{ ref('int_budget_days') }}

),

months as (

    select
        budget_id,
        month,
        dimension,
        member_id,
        owner_id,
        note,
        amount_usd,
        warn_at_share,
        max(usage_date) as as_of_date,
        min(case when last_within_date is null or usage_date > last_within_date then usage_date end) as since_date,
        min(case when spent_usd >= amount_usd then usage_date end) as used_up_date,
        {{ for_each(at_last, 'max_by(@, usage_date) as @') }}
    from days
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

-- the first day to come on which nothing is left, at the rate of the week before
rates as (

    select
        months.budget_id,
        months.month,
        min(dates.usage_date) as will_be_used_up_date
    from months
    inner join {{ ref('dim_dates') }} as dates
        on
            months.month = dates.month
            and months.as_of_date < dates.usage_date
    where
        months.spent_usd
        + cast(months.run_rate_usd as decimal(24, 12))
        * cast({{ day_number('dates.usage_date') }} - {{ day_number('months.as_of_date') }} as decimal(2, 0))
        >= months.amount_usd
    group by 1, 2

)

select
    {{ for_each(
        ['budget_id', 'month', 'dimension', 'member_id', 'owner_id', 'note', 'amount_usd', 'warn_at_share', 'as_of_date'],
        'months.@'
    ) }},
    {{ for_each(at_last, 'months.@') }},
    case when months.budget_state <> 'within' then months.since_date end as since_date,
    coalesce(months.used_up_date, rates.will_be_used_up_date) as used_up_date
from months
left join rates on months.budget_id = rates.budget_id and months.month = rates.month
