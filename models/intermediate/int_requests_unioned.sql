-- grain: one row per logged model call of the days that are read, duplicates included
with unioned as (

    {{ union_staged('requests') }}

)

select *
from unioned
where usage_date in (select usage_date from {{ ref('int_read_dates') }})
