-- grain: one row per landing file that this build or the one before it shows
select
    table_name,
    sha256,
    usage_date,
    row_count,
    input_id,
    load_number,
    change
from {{ source('landing', 'landing_files') }}
