-- grain: one row per UTC day whose chains of calls are made anew: with a new or restated call, or beside such a day
{{ config(materialized='view') }}
select distinct dates.usage_date
from {{ ref('dim_dates') }} as dates
inner join {{ ref('int_restated_dates') }} as restated
    on
        dates.usage_date >= restated.usage_date - interval 1 day
        and dates.usage_date <= restated.usage_date + interval 1 day
