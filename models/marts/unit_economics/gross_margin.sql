-- grain: one row per dimension (customer, feature), member and month
with by_member as (

    select
        'customer' as dimension,
        customer_id as id,
        cast(date_trunc('month', usage_date) as date) as month,
        revenue_usd,
        cogs_usd,
        shared_cost_usd,
        request_count,
        unpriced_request_count
    from {{ ref('gross_margin_daily') }}
    union all
    select
        'feature' as dimension,
        feature_id as id,
        cast(date_trunc('month', usage_date) as date) as month,
        revenue_usd,
        cogs_usd,
        shared_cost_usd,
        request_count,
        unpriced_request_count
    from {{ ref('gross_margin_daily') }}

),

summed as (

    select
        dimension,
        id,
        month,
        sum(revenue_usd) as revenue_usd,
        sum(cogs_usd) as cogs_usd,
        sum(shared_cost_usd) as shared_cost_usd,
        sum(revenue_usd) - sum(cogs_usd) as gross_profit_usd,
        sum(request_count) as request_count,
        sum(unpriced_request_count) as unpriced_request_count
    from by_member
    group by 1, 2, 3

)

select
    dimension,
    id,
    month,
    cast(revenue_usd as decimal(38, 12)) as revenue_usd,
    cast(cogs_usd as decimal(38, 12)) as cogs_usd,
    cast(shared_cost_usd as decimal(38, 12)) as shared_cost_usd,
    cast(gross_profit_usd as decimal(38, 12)) as gross_profit_usd,
    case
        when revenue_usd > 0 and unpriced_request_count < greatest(request_count, 1)
            then {{ ratio('gross_profit_usd', 'revenue_usd') }}
    end as gross_margin,
    case
        when request_count > 0 and unpriced_request_count = request_count then 'unknown'
        when revenue_usd = 0 then 'no_revenue'
        when gross_profit_usd < 0 then 'under_water'
        -- half of the revenue: below it an AI feature leaves less than software usually does
        when gross_profit_usd * 2 < revenue_usd then 'thin'
        else 'profitable'
    end as margin_class,
    1 - {{ ratio('unpriced_request_count', 'request_count') }} as priced_share
from summed
