-- INV8: every mart of cost holds the same money and the same calls as the requests below it, to the last digit.
with totals as (

    select
        'int_requests_costed' as mart,
        null as cost_usd,
        count(*) as request_count
    from {{ ref('int_requests_costed') }}
    union all
    select
        'fct_requests' as mart,
        sum(cost_usd) as cost_usd,
        count(*) as request_count
    from {{ ref('fct_requests') }}
    union all
    select
        'fct_usage_hourly' as mart,
        sum(cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('fct_usage_hourly') }}
    union all
    select
        'cost_per_conversation' as mart,
        sum(cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('cost_per_conversation') }}
    union all
    select
        'cost_per_feature' as mart,
        sum(cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('cost_per_feature') }}
    union all
    select
        'cost_per_customer' as mart,
        sum(cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('cost_per_customer') }}
    union all
    select
        'gross_margin_daily' as mart,
        sum(cogs_usd - shared_cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('gross_margin_daily') }}
    union all
    select
        concat('gross_margin by ', dimension) as mart,
        sum(cogs_usd - shared_cost_usd) as cost_usd,
        null as request_count
    from {{ ref('gross_margin') }}
    group by 1

),

expected as (

    select * from totals
    where mart = 'fct_requests'

)

select
    totals.mart,
    totals.cost_usd,
    expected.cost_usd as expected_cost_usd,
    totals.request_count,
    expected.request_count as expected_request_count
from totals
cross join expected
where
    (coalesce(totals.cost_usd, 0) <> coalesce(expected.cost_usd, 0) and totals.mart <> 'int_requests_costed')
    or coalesce(totals.request_count, expected.request_count) <> expected.request_count
