-- grain: one row per model call of the touched dates
-- Duplicates are rare, so they are looked for by key alone and only their rows are ranked. A streamed answer may be
-- logged several times while it grows: the row with the most tokens is the finished one. A row that says nothing of the
-- end is the last resort.
with logged as (

    select * from {{ ref('int_requests_unioned') }}

),

repeated_keys as (

    select
        source_id,
        request_id
    from logged
    group by 1, 2
    having count(*) > 1

),

ranked as (

    select
        logged.source_id,
        logged.input_id,
        logged.record_number,
        row_number() over (
            partition by logged.source_id, logged.request_id
            order by
                case when logged.has_usage then 0 else 1 end asc,
                {{ token_sum('logged') }} desc,
                case when logged.status = 'aborted' then 1 else 0 end asc,
                logged.requested_at,
                logged.input_id asc,
                logged.record_number asc
        ) as rank_in_request
    from logged
    inner join repeated_keys
        on logged.source_id = repeated_keys.source_id and logged.request_id = repeated_keys.request_id

),

surplus as (

    select
        source_id,
        input_id,
        record_number
    from ranked
    where rank_in_request > 1

)

select logged.*
from logged
left join surplus
    on
        logged.source_id = surplus.source_id
        and logged.input_id = surplus.input_id
        and logged.record_number = surplus.record_number
where surplus.record_number is null
