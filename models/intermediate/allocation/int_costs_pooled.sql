-- grain: one row per pool (or none), provider, and day, or month of what is charged for longer than a day
{{ config(materialized='table') }}
-- What no call is told to have cost, use without calls or no use at all, in the pool whose rule takes it. What is
-- charged for longer than a day is spread over its days; those after the newest of calls and bills are `prepaid`.
{% set wording = ['provider_id', 'billing_account_id', 'charge_kind', 'line'] %}
{% set line_key = wording + ['is_unused', 'first_date', 'last_date'] %}
with lines as (

    select
        provider_id,
        billing_account_id,
        charge_kind,
        line,
        is_unused,
        first_date,
        last_date,
        sum(effective_cost_usd) as amount_usd
    from {{ ref('int_billed_lines') }}
    where line_class <> 'usage'
    group by 1, 2, 3, 4, 5, 6, 7
    union all
    select
        provider_id,
        billing_account_id,
        'inference' as charge_kind,
        lower(concat_ws(' | ', model_id, component)) as line,
        false as is_unused,
        case when is_monthly then billing_month else cell_date end as first_date,
        case when is_monthly then last_day(billing_month) else cell_date end as last_date,
        sum(billed_cost_usd - timing_usd - due_usd) as amount_usd
    from {{ ref('int_cells_reconciled') }}
    group by 1, 2, 3, 4, 5, 6, 7

),

candidates as (

    select
        wordings.*,
        rules.rule_number,
        rules.valid_from_date,
        rules.valid_to_date
    from (select distinct {{ for_each(wording, '@') }} from lines) as wordings
    inner join {{ ref('allocation_rules') }} as rules
        on
            {{ matches_pattern('wordings.charge_kind', 'rules.charge_kind') }}
            and {{ matches_pattern('wordings.provider_id', 'rules.charge_provider_id') }}
            and {{ matches_pattern('wordings.billing_account_id', 'rules.billing_account_id') }}
            and {{ matches_pattern('wordings.line', 'rules.line') }}

),

ruled as (

    select
        {{ for_each(line_key, 'lines.@') }},
        lines.amount_usd,
        min(candidates.rule_number) as rule_number
    from lines
    left join candidates
        on
            {{ for_each(wording, 'lines.@ = candidates.@', ' and ') }}
            and lines.first_date >= candidates.valid_from_date
            and lines.first_date < candidates.valid_to_date
    where lines.amount_usd <> 0
    group by 1, 2, 3, 4, 5, 6, 7, 8

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
        rule_number,
        provider_id,
        is_unused,
        true as is_monthly,
        usage_date,
        cast(date_trunc('month', usage_date) as date) as window_date,
        part as amount_usd
    from {{ split_exactly('longer', 'amount_usd', 'day_weight', line_key | join(', '), 'usage_date') }} as days
    union all
    select
        rule_number,
        provider_id,
        is_unused,
        false as is_monthly,
        first_date as usage_date,
        first_date as window_date,
        amount_usd
    from ruled
    where last_date = first_date

)

select
    by_day.rule_number,
    by_day.provider_id,
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
            select max(first_date) from lines
            where first_date = last_date
        )
    ) as newest_date
) as known
group by 1, 2, 3, 4
