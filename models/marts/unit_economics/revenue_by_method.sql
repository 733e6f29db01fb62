-- grain: one row per month, method and feature: what the feature would earn and leave by it
with earned as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        revenue_method,
        feature_id,
        sum(revenue_usd) as revenue_usd
    from {{ ref('int_revenue_allocated') }}
    group by 1, 2, 3

),

spent as (

    select
        months.month,
        methods.revenue_method,
        months.feature_id,
        months.cogs_usd
    from (
        select
            month,
            id as feature_id,
            cogs_usd
        from {{ ref('gross_margin') }}
        where dimension = 'feature'
    ) as months
    cross join (select distinct revenue_method from earned) as methods

)

select
    coalesce(earned.month, spent.month) as month,
    coalesce(earned.revenue_method, spent.revenue_method) as revenue_method,
    coalesce(earned.feature_id, spent.feature_id) as feature_id,
    coalesce(earned.revenue_method, spent.revenue_method) = '{{ var("revenue_method") }}' as is_chosen,
    cast(coalesce(earned.revenue_usd, 0) as decimal(38, 12)) as revenue_usd,
    cast(coalesce(spent.cogs_usd, 0) as decimal(38, 12)) as cogs_usd,
    cast(coalesce(earned.revenue_usd, 0) - coalesce(spent.cogs_usd, 0) as decimal(38, 12)) as gross_profit_usd,
    case
        when earned.revenue_usd > 0
            then {{ ratio('earned.revenue_usd - coalesce(spent.cogs_usd, 0)', 'earned.revenue_usd') }}
    end as gross_margin
from earned
full join spent
    on
        earned.month = spent.month
        and earned.revenue_method = spent.revenue_method
        and earned.feature_id = spent.feature_id
