-- grain: one row per source that logged every day and has been silent since, while others were not
{{ config(materialized='table') }}
with days as (

    select
        source_id,
        usage_date,
        cast(sum(request_count) as bigint) as request_count
    from {{ ref('fct_usage_hourly') }}
    group by 1, 2

),

sources as (

    select
        *,
        max(usage_date) over (partition by source_id) as silent_from_date,
        max(usage_date) over () as last_date
    from days

),

last_weeks as (

    select
        source_id,
        silent_from_date,
        last_date,
        cast(sum(request_count) as bigint) as request_count
    from sources
    where
        usage_date > silent_from_date - interval 7 day
        -- the newest day may not have landed whole
        and silent_from_date < last_date - interval 1 day
    group by 1, 2, 3
    having count(*) >= 6

)

select
    {{ anomaly_id('silent_source', ['source_id', 'silent_from_date']) }} as anomaly_id,
    'silent_source' as kind,
    '(all)' as feature_id,
    'production' as workload,
    cast(null as string) as model_id,
    cast(silent_from_date + interval 1 day as date) as started_date,
    last_date,
    cast({{ day_number('last_date') }} - {{ day_number('silent_from_date') }} as bigint) as day_count,
    cast(0 as decimal(38, 12)) as actual_usd,
    concat(
        source_id, ' logged ', cast(request_count as string), ' calls in its last week and none since'
    ) as detail
from last_weeks
