-- grain: one row per suspect day, feature and workload, and day of the four weeks before that it is compared with
{{ config(materialized='table') }}
-- Together they are what is expected: as many requests as such a day has, made as they were on days that were as usual.
with newest as (

    select
        cast(max(usage_hour_at) as date) as last_date,
        (extract(hour from max(usage_hour_at)) + 1) / cast(24 as double) as elapsed_share
    from {{ ref('fct_usage_hourly') }}

),

suspects as (

    select
        suspects.usage_date,
        suspects.feature_id,
        suspects.workload,
        volumes.expected * case when suspects.usage_date = newest.last_date then newest.elapsed_share else 1 end
            as expected_count
    from {{ ref('int_suspect_days') }} as suspects
    cross join newest
    inner join {{ ref('int_driver_baselines') }} as volumes
        on
            suspects.usage_date = volumes.usage_date
            and suspects.feature_id = volumes.feature_id
            and suspects.workload = volumes.workload
            and volumes.driver = 'volume'

),

days_before as (

    select
        suspects.usage_date as anomaly_date,
        suspects.expected_count,
        days.usage_date,
        days.feature_id,
        days.workload,
        days.request_count - days.retry_count as first_call_count,
        odd.usage_date is not null as is_odd,
        sum(case when odd.usage_date is null and days.request_count > 0 then 1 else 0 end) over (
            partition by suspects.usage_date, days.feature_id, days.workload
        ) as usual_days
    from suspects
    inner join {{ ref('int_driver_days') }} as days
        on
            suspects.feature_id = days.feature_id
            and suspects.workload = days.workload
            and suspects.usage_date > days.usage_date
            and suspects.usage_date <= days.usage_date + interval 28 day
    left join {{ ref('int_suspect_days') }} as odd
        on
            days.usage_date = odd.usage_date
            and days.feature_id = odd.feature_id
            and days.workload = odd.workload

)

select
    anomaly_date,
    feature_id,
    workload,
    usage_date,
    expected_count / nullif(sum(first_call_count) over (partition by anomaly_date, feature_id, workload), 0) as scale
from days_before
where not is_odd or usual_days < 7
