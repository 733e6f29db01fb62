-- grain: one row per source, raw table and column of its files
select
    source_id,
    table_name,
    column_name,
    is_read,
    input_count,
    first_landed_at,
    last_landed_at,
    first_path,
    last_path
from {{ source('landing', 'landing_columns') }}
