-- INV6: an hour of use lies in the UTC day that it is kept under, by which days are replaced; and the days of any time
-- zone sum to the same range. (An hour belongs to the local day in which it begins: no zone loses or gains one.)
{% set zones = ['UTC', 'America/Los_Angeles', 'Asia/Kolkata', 'Pacific/Auckland'] %}
with hours as (

    select
        usage_hour_at,
        usage_date,
        sum(request_count) as request_count,
        sum(coalesce(cost_usd, 0)) as cost_usd
    from {{ ref('fct_usage_hourly') }}
    group by 1, 2

),

by_zone as (

    {% for zone in zones -%}
        select
            '{{ zone }}' as zone,
            {{ local_date('usage_hour_at', "'" ~ zone ~ "'") }} as local_day,
            sum(request_count) as request_count,
            sum(cost_usd) as cost_usd
        from hours
        group by 1, 2
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

by_range as (

    select
        zone,
        sum(request_count) as request_count,
        sum(cost_usd) as cost_usd
    from by_zone
    where local_day between date '2015-01-01' and date '2049-12-31'
    group by 1

),

asked as (

    select
        sum(request_count) as request_count,
        sum(cost_usd) as cost_usd
    from hours

)

select
    by_range.zone,
    by_range.request_count,
    asked.request_count as expected_request_count
from by_range
cross join asked
where by_range.request_count <> asked.request_count or by_range.cost_usd <> asked.cost_usd
union all
select
    cast(min(usage_hour_at) as string) as zone,
    sum(request_count) as request_count,
    0 as expected_request_count
from hours
where cast(usage_hour_at as date) <> usage_date
having count(*) > 0
