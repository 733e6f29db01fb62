-- grain: one row per feature that cost or earned something
select
    feature_id,
    min(usage_date) as first_seen_date,
    max(usage_date) as last_seen_date
from (
    select
        feature_id,
        usage_date
    from {{ ref('fct_usage_hourly') }}
    union all
    select
        feature_id,
        usage_date
    from {{ ref('gross_margin_daily') }}
) as seen
group by 1
