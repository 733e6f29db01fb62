-- grain: one row per pool, or customer, feature and workload that a charge is attributed to, or none; provider; window
{{ config(materialized='table') }}
-- What no call is told to have cost, use without calls or no use at all. What is charged for longer than a day is
-- spread over its days; those after the newest of calls and bills are `prepaid`. The window is a day, of a pool's (or
-- nobody's) charges for longer than that the month.
{% set whose = ['rule_number', 'is_attributed', 'customer_id', 'feature_id', 'workload', 'provider_id'] %}
{% set line_key = whose + ['is_unused', 'first_date', 'last_date'] %}
with kinds as (

    select distinct
        environment,
        feature_id,
        customer_id,
        charge_kind
    from {{ ref('int_costs_ruled') }}
    where is_attributed

),

worked as (

    select
        kinds.environment,
        kinds.feature_id,
        kinds.customer_id,
        kinds.charge_kind,
        case
            when kinds.charge_kind = 'training' then 'training'
            else coalesce(min_by(rules.workload, rules.rule_number), 'production')
        end as workload
    from kinds
    left join {{ ref('workload_rules') }} as rules
        on
            {{ matches_pattern('lower(kinds.environment)', 'rules.environment') }}
            and {{ matches_pattern('lower(kinds.feature_id)', 'rules.feature_id') }}
            and {{ matches_pattern('lower(kinds.customer_id)', 'rules.customer_id') }}
            and {{ matches_pattern("'(any)'", 'rules.model_id') }}
            and {{ matches_pattern("''", 'rules.operation') }}
    group by 1, 2, 3, 4

),

ruled as (

    select
        costs.rule_number,
        costs.is_attributed,
        case when costs.is_attributed then costs.customer_id else '(unattributed)' end as customer_id,
        case when costs.is_attributed then costs.feature_id else '(unattributed)' end as feature_id,
        coalesce(worked.workload, '(any)') as workload,
        costs.provider_id,
        costs.is_unused,
        costs.first_date,
        costs.last_date,
        cast(sum(costs.amount_usd) as decimal(38, 12)) as amount_usd
    from {{ ref('int_costs_ruled') }} as costs
    left join worked
        on
            costs.is_attributed
            and {{ for_each(
                ['environment', 'feature_id', 'customer_id', 'charge_kind'], 'costs.@ = worked.@', ' and '
            ) }}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9

),

longer as (

    select
        ruled.*,
        dates.usage_date,
        1 as day_weight
    from ruled
    inner join {{ ref('dim_dates') }} as dates
        on ruled.first_date <= dates.usage_date and ruled.last_date >= dates.usage_date
    where ruled.last_date > ruled.first_date

),

by_day as (

    select
        {{ for_each(whose + ['is_unused'], '@') }},
        true as is_monthly,
        usage_date,
        -- whose it is, is told of its days; a pool spreads it over the month's
        case when is_attributed then usage_date else cast(date_trunc('month', usage_date) as date) end as window_date,
        part as amount_usd
    from {{ split_exactly('longer', 'amount_usd', 'day_weight', line_key | join(', '), 'usage_date') }} as days
    union all
    select
        {{ for_each(whose + ['is_unused'], '@') }},
        false as is_monthly,
        first_date as usage_date,
        first_date as window_date,
        amount_usd
    from ruled
    where last_date = first_date

)

select
    {{ for_each(whose, 'by_day.@') }},
    by_day.is_monthly,
    by_day.window_date,
    count(distinct case when by_day.usage_date <= known.newest_date then by_day.usage_date end) as day_count,
    {% set is_prepaid = 'by_day.is_monthly and by_day.usage_date > known.newest_date' %}
    cast(sum(case when {{ is_prepaid }} then by_day.amount_usd else 0 end) as decimal(38, 12)) as prepaid_usd,
    cast(sum(case when {{ is_prepaid }} or not by_day.is_unused then 0 else by_day.amount_usd end) as decimal(38, 12))
        as unused_usd,
    cast(sum(case when {{ is_prepaid }} or by_day.is_unused then 0 else by_day.amount_usd end) as decimal(38, 12))
        as amount_usd
from by_day
cross join (
    select greatest(
        (select max(usage_date) from {{ ref('fct_usage_hourly') }}),
        (
            select max(first_date) from {{ ref('int_costs_ruled') }}
            where first_date = last_date
        )
    ) as newest_date
) as known
group by 1, 2, 3, 4, 5, 6, 7, 8
