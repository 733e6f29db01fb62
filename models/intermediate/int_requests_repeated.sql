-- grain: one row per logged model call whose ids may occur in another row too
-- Rows are one call where a source gives them one request id, or any sources one response id of the provider. They are
-- rare: looked for by id alone, both kinds in one count, by hashes. A stranger that has the hash of another is alone
-- in its call, and is dropped there.
with logged as (

    select * from {{ ref('int_requests_unioned') }}

),

ids as (

    select {{ hashed(['coalesce(response_id, request_id)']) }} as id from logged
    union all
    select {{ hashed(['request_id']) }} as id from logged
    where response_id <> request_id

),

repeated as (

    select id
    from ids
    group by 1
    having count(*) > 1

)

select
    logged.*,
    {{ token_sum('logged') }} as all_tokens,
    -- what a source calls by one id is one call, and has the response id that any row of it tells
    max(logged.response_id) over (partition by logged.source_id, logged.request_id) as call_response_id
from logged
where
    {{ hashed(['coalesce(logged.response_id, logged.request_id)']) }} in (select id from repeated)
    or {{ hashed(['logged.request_id']) }} in (select id from repeated)
