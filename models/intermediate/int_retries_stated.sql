-- grain: one row per model call whose log says which attempt it is
{{ config(materialized='table') }}
-- Few, and looked through again and again (int_retries): a table, so that what they are made of is planned once.
select
    source_id,
    request_id,
    usage_date,
    requested_at,
    attempt_number,
    nullif(retry_of, request_id) as pointer_0
from {{ ref('int_requests_attributed') }}
where retry_of is not null or attempt_number > 1
