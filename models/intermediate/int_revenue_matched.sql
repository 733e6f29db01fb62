-- grain: one row per month: how much of its revenue is of customers that the logs know
select
    month,
    {{ ratio('sum(case when request_count > 0 then revenue_usd else 0 end)', 'sum(revenue_usd)') }} as matched_share
from (
    select
        customer_id,
        month,
        greatest(sum(revenue_usd), 0) as revenue_usd,
        sum(request_count) as request_count
    from {{ ref('int_margin_daily') }}
    group by 1, 2
) as customers
group by 1
