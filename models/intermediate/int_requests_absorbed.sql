-- grain: one row per logged model call that stands in another row's place
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_touched_dates() }}') }}
-- Every landed row is a request or is here, with the name of the request that it is a part of. The next build looks
-- here for what new rows have to do with old ones (int_touched_dates).
select
    source_id,
    input_id,
    record_number,
    usage_date,
    request_id,
    response_id,
    kept_source_id,
    kept_request_id,
    kept_usage_date
from {{ ref('int_requests_merged') }}
where
    rank_in_call > 1
    and usage_date in (select usage_date from {{ ref('int_touched_dates') }})
