-- grain: one row per logged model call whose ids occur in another row too
-- Rows are one call where a source gives them one request id, or any sources one response id of the provider. They are
-- rare, so they are looked for by id alone, both kinds of ids in one count.
with logged as (

    select * from {{ ref('int_requests_unioned') }}

),

ids as (

    select coalesce(response_id, request_id) as id from logged
    union all
    select request_id as id from logged
    where response_id <> request_id

),

repeated as (

    select id
    from ids
    group by 1
    having count(*) > 1

),

candidates as (

    select
        logged.source_id,
        logged.input_id,
        logged.record_number
    from logged
    inner join repeated on coalesce(logged.response_id, logged.request_id) = repeated.id
    union
    select
        logged.source_id,
        logged.input_id,
        logged.record_number
    from logged
    inner join repeated on logged.request_id = repeated.id
    where logged.response_id <> logged.request_id

)

select
    logged.*,
    {{ token_sum('logged') }} as all_tokens,
    -- what a source calls by one id is one call, and has the response id that any row of it tells
    max(logged.response_id) over (partition by logged.source_id, logged.request_id) as call_response_id
from logged
inner join candidates
    on
        logged.source_id = candidates.source_id
        and logged.input_id = candidates.input_id
        and logged.record_number = candidates.record_number
