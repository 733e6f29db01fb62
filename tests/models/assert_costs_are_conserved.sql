-- INV8: every mart of cost holds the same money and the same calls as the requests below it, to the last digit: those
-- of unit cost and margin what is production, the others everything.
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
        'cost_drivers' as mart,
        sum(cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('cost_drivers') }}
    union all
    select
        'scenario_base' as mart,
        sum(cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('scenario_base') }}
    union all
    select
        'cost_drivers_hourly' as mart,
        sum(cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('cost_drivers_hourly') }}
    union all
    select
        'cost_per_conversation' as mart,
        sum(cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('cost_per_conversation') }}
    union all
    select
        'cost_by_workload' as mart,
        sum(request_cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('cost_by_workload') }}
    union all
    select
        'production' as mart,
        sum(request_cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('cost_by_workload') }}
    where workload = 'production'
    union all
    select
        'production in cost_per_feature' as mart,
        sum(cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('cost_per_feature') }}
    union all
    select
        'production in cost_per_customer' as mart,
        sum(cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('cost_per_customer') }}
    union all
    select
        'production in gross_margin_daily' as mart,
        sum(cogs_usd - shared_cost_usd) as cost_usd,
        sum(request_count) as request_count
    from {{ ref('gross_margin_daily') }}
    union all
    select
        concat('production in gross_margin by ', dimension) as mart,
        sum(cogs_usd - shared_cost_usd) as cost_usd,
        null as request_count
    from {{ ref('gross_margin') }}
    group by 1

),

held as (

    select
        *,
        case when mart like 'production in%' then 'production' else 'fct_requests' end as held_against
    from totals

)

select
    held.mart,
    held.cost_usd,
    expected.cost_usd as expected_cost_usd,
    held.request_count,
    expected.request_count as expected_request_count
from held
inner join totals as expected on held.held_against = expected.mart
where
    held.mart <> 'production'
    and (
        (coalesce(held.cost_usd, 0) <> coalesce(expected.cost_usd, 0) and held.mart <> 'int_requests_costed')
        or coalesce(held.request_count, expected.request_count) <> expected.request_count
    )
