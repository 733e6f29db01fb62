-- grain: one row per month: what AI cost and returned, and how much of it has a value beside it
-- Spend is explained where its customer and feature earned something in the month. Elasticity: by how many per cent the
-- cost of a conversation moved for each per cent by which their number did, against the month before.
with company as (

    select
        month,
        revenue_usd,
        cogs_usd,
        gross_profit_usd
    from {{ ref('gross_margin') }}
    where dimension = 'company'

),

explained as (

    select
        month,
        sum(case when revenue_usd > 0 then cogs_usd else 0 end) as explained_cost_usd
    from {{ ref('gross_margin') }}
    where dimension = 'customer and feature'
    group by 1

),

others as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        sum(cost_usd) as other_cost_usd
    from {{ ref('cost_by_workload') }}
    where workload <> 'production'
    group by 1

),

moved as (

    select
        month,
        unit_count,
        cost_per_unit_usd,
        lag(month) over (order by month) as month_before,
        lag(unit_count) over (order by month) as units_before,
        lag(cost_per_unit_usd) over (order by month) as cost_before_usd
    from {{ ref('cost_per_unit') }}
    where dimension = 'company' and unit_id = 'conversation'

),

changes as (

    select
        month,
        case
            when month_before + interval 1 month = month
                then {{ ratio('cost_per_unit_usd - cost_before_usd', 'cost_before_usd') }}
        end as unit_cost_change,
        case
            when month_before + interval 1 month = month then {{ ratio('unit_count - units_before', 'units_before') }}
        end as unit_count_change
    from moved

)

select
    company.month,
    cast(company.revenue_usd as decimal(38, 12)) as revenue_usd,
    cast(company.cogs_usd as decimal(38, 12)) as cogs_usd,
    cast(coalesce(others.other_cost_usd, 0) as decimal(38, 12)) as other_cost_usd,
    cast(company.gross_profit_usd as decimal(38, 12)) as gross_profit_usd,
    cast(explained.explained_cost_usd as decimal(38, 12)) as explained_cost_usd,
    {{ ratio('explained.explained_cost_usd', 'company.cogs_usd') }} as explained_share,
    {{ ratio('company.cogs_usd', 'case when company.revenue_usd > 0 then company.revenue_usd end') }}
        as cost_share_of_revenue,
    {{ ratio('company.gross_profit_usd', 'company.cogs_usd') }} as return_on_cogs,
    changes.unit_count_change,
    changes.unit_cost_change,
    case when changes.unit_count_change <> 0 then changes.unit_cost_change / changes.unit_count_change end
        as unit_cost_elasticity
from company
left join explained on company.month = explained.month
left join others on company.month = others.month
left join changes on company.month = changes.month
