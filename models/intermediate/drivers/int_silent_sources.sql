-- grain: one row per source that logged every day and has been silent since, while others were not
{{ config(materialized='table') }}
with days as (

    select
        source_id,
        usage_date,
        sum(request_count) as request_count
    from {{ ref('fct_usage_hourly') }}
    group by 1, 2

),

newest as (

    select max(usage_date) as last_date from days

),

sources as (

    select
        days.source_id,
        max(days.usage_date) as silent_from_date,
        newest.last_date
    from days
    cross join newest
    group by 1, 3

)

select
    substr(md5(concat_ws(' ', 'silent_source', sources.source_id, cast(sources.silent_from_date as string))), 1, 12)
        as anomaly_id,
    'silent_source' as kind,
    '(all)' as feature_id,
    'production' as workload,
    cast(null as string) as model_id,
    cast(sources.silent_from_date + interval 1 day as date) as started_date,
    sources.last_date,
    cast({{ day_number('sources.last_date') }} - {{ day_number('sources.silent_from_date') }} as bigint) as day_count,
    cast(0 as decimal(38, 12)) as actual_usd,
    concat(
        sources.source_id, ' logged ', cast(cast(sum(days.request_count) as bigint) as string),
        ' calls in its last week and none since'
    ) as detail
from sources
inner join days
    on
        sources.source_id = days.source_id
        and days.usage_date > sources.silent_from_date - interval 7 day
-- the newest day may not have landed whole
where sources.silent_from_date < sources.last_date - interval 1 day
group by sources.source_id, sources.silent_from_date, sources.last_date
having count(*) >= 6
