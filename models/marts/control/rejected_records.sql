-- grain: one row per input, raw table and reason for which records of it were not taken
{{ config(materialized='view') }}
-- A view: the rows are those of the ledger, as few as there are files with errors.
select
    input_id,
    coalesce(nullif(table_name, ''), '(unknown)') as table_name,
    coalesce(nullif(source_id, ''), '(unknown)') as source_id,
    path,
    state,
    landed_at,
    column_name,
    rule,
    fix,
    cast(rejected_count as bigint) as rejected_count,
    cast(first_record_number as bigint) as first_record_number
from {{ ref('stg_landing__inputs') }}
where state = 'refused' or rejected_count > 0
