-- grain: one row per UTC day
with days as (

    {{ day_sequence('2015-01-01', '2049-12-31') }}

)

select
    date_day as usage_date,
    cast(date_trunc('month', date_day) as date) as month
from days
