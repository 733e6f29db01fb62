-- An hour of use lies in the UTC day that it is kept under, by which days are replaced.
select
    usage_hour_at,
    usage_date
from {{ ref('fct_usage_hourly') }}
where cast(usage_hour_at as date) <> usage_date
