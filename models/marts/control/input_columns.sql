-- grain: one row per source, raw table and column of its files
{{ config(materialized='view') }}
-- A view: the rows are those of the ledger. Files of one day are looked at together, in whatever order they were read:
-- what the first day had is how the format was, and what the newest day has is how it is.
with dated as (

    select
        *,
        cast(first_landed_at as date) as first_date,
        cast(last_landed_at as date) as last_date
    from {{ ref('stg_landing__columns') }}

)

select
    source_id,
    table_name,
    column_name,
    is_read,
    case
        when last_date < max(last_date) over (partition by source_id, table_name) then 'gone'
        when first_date > min(first_date) over (partition by source_id, table_name) then 'new'
    end as change,
    cast(input_count as bigint) as input_count,
    first_landed_at,
    last_landed_at,
    first_path,
    last_path
from dated
