-- grain: one row per input, raw table and reason for which its records were not taken
select
    input_id,
    table_name,
    source_id,
    path,
    state,
    landed_at,
    column_name,
    rule,
    fix,
    rejected_count,
    first_record_number
from {{ source('landing', 'landing_inputs') }}
