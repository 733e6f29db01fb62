-- grain: one row per logged model call whose ids may occur in another row too
{{ config(materialized='table') }}
-- Rows are one call where a source gives them one request id, or any sources one response id of the provider. They are
-- rare: looked for by id alone, both kinds in one count, by hashes. A stranger that has the hash of another is alone
-- in its call, and is dropped there. A table of them alone, so that all else of a row is read of these few only.
with logged as (

    select
        usage_date,
        source_id,
        input_id,
        record_number,
        {{ hashed(['coalesce(response_id, request_id)']) }} as id,
        case when response_id <> request_id then {{ hashed(['request_id']) }} end as other_id
    from {{ ref('int_requests_unioned') }}

),

ids as (

    select id
    from logged
    union all
    select other_id as id
    from logged
    where other_id is not null

),

repeated as (

    select id
    from ids
    group by 1
    having count(*) > 1

)

select
    usage_date,
    source_id,
    input_id,
    record_number
from logged
where
    id in (select id from repeated)
    or other_id in (select id from repeated)
