-- grain: one row per budget and UTC day of its months: what was spent by then, and what the month comes to at that rate
{{ config(materialized='table') }}
{% set month = 'partition by budget_id, month order by usage_date' %}
with lines as (

    select
        *,
        lead(valid_from_date) over (partition by budget_id order by valid_from_date) as next_from_date
    from {{ ref('budgets') }}

),

days as (

    select
        lines.budget_id,
        costs.month,
        costs.usage_date,
        lines.dimension,
        lines.member_id,
        lines.owner_id,
        lines.note,
        lines.amount_usd,
        lines.warn_at_share,
        {{ scaled_money('lines.amount_usd', 'lines.warn_at_share * 1000000') }} as warn_at_usd,
        costs.run_rate_usd,
        {{ day_number('costs.usage_date') }} - {{ day_number('costs.month') }} + 1 as day_count,
        {{ day_number('months.last_date') }} - {{ day_number('costs.usage_date') }} as days_left,
        costs.unpriced_request_count,
        costs.cost_usd
    from lines
    inner join {{ ref('int_budget_costs') }} as costs
        on
            lines.dimension = costs.dimension
            and lines.member_id = costs.member_id
            and lines.valid_from_date <= costs.usage_date
            -- a line without an end ends where the next one begins
            and costs.usage_date < coalesce(lines.valid_to_date, lines.next_from_date, date '2049-12-01')
    inner join (
        select
            month,
            max(usage_date) as last_date
        from {{ ref('dim_dates') }}
        group by 1
    ) as months on costs.month = months.month

),

spent as (

    select
        *,
        cast(sum(cost_usd) over ({{ month }}) as decimal(38, 12)) as spent_usd,
        cast(sum(unpriced_request_count) over ({{ month }}) as bigint) as unpriced_count
    from days

),

expected as (

    select
        *,
        cast(
            spent_usd
            + case
                when days_left = 0 then 0
                else cast(run_rate_usd as decimal(24, 12)) * cast(days_left as decimal(2, 0))
            end as decimal(38, 12)
        ) as expected_usd
    from spent

),

-- what burned once is at risk until it is well within: a rate that wavers about the amount is not told every day
burned as (

    select
        *,
        max(case when expected_usd > amount_usd then 1 else 0 end) over ({{ month }}) = 1 as has_burned
    from expected

)

select
    budget_id,
    month,
    usage_date,
    dimension,
    member_id,
    owner_id,
    note,
    amount_usd,
    warn_at_share,
    cast(day_count as bigint) as day_count,
    cast(days_left as bigint) as days_left,
    unpriced_count,
    run_rate_usd,
    spent_usd,
    expected_usd,
    case
        when spent_usd > amount_usd then 'over'
        when expected_usd > amount_usd then 'burning'
        when days_left > 0 and spent_usd >= warn_at_usd then 'at_risk'
        when days_left > 0 and has_burned and expected_usd >= warn_at_usd then 'at_risk'
        else 'within'
    end as budget_state
from burned
