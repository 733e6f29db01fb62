-- grain: one row per model call that repeats another
{{ config(materialized='table') }}
-- What a log says of its attempts holds; what it does not say is inferred. `retry_of` may name the first attempt or the
-- one before: it is followed to the start of the chain, sixteen steps at most, within one UTC day.
with {% for step in range(4) %}
    pointers_{{ step }} as (

        select
            usage_date,
            request_id,
            min(pointer_{{ step }}) as pointer
        from {{ ref('int_retries_stated') if loop.first else 'followed_' ~ step }}
        group by 1, 2

    ),

    followed_{{ step + 1 }} as (

        select
            calls.source_id,
            calls.request_id,
            calls.usage_date,
            calls.requested_at,
            calls.attempt_number,
            coalesce(pointers.pointer, calls.pointer_{{ step }}) as pointer_{{ step + 1 }}
        from {{ ref('int_retries_stated') if loop.first else 'followed_' ~ step }} as calls
        left join pointers_{{ step }} as pointers
            on calls.usage_date = pointers.usage_date and calls.pointer_{{ step }} = pointers.request_id

    ),
{% endfor %}

numbered as (

    select
        source_id,
        request_id,
        pointer_4 as retry_group_id,
        case
            when attempt_number is not null then attempt_number
            when pointer_4 is not null
                then 1 + row_number() over (
                    partition by usage_date, pointer_4 order by requested_at, source_id, request_id
                )
        end as attempt_number
    from followed_4

)

select
    coalesce(numbered.source_id, inferred.source_id) as source_id,
    coalesce(numbered.request_id, inferred.request_id) as request_id,
    coalesce(numbered.attempt_number, inferred.attempt_number) as attempt_number,
    coalesce(numbered.retry_group_id, inferred.retry_group_id) as retry_group_id,
    numbered.request_id is null as is_retry_inferred
from numbered
full join {{ ref('int_retries_inferred') }} as inferred
    on numbered.source_id = inferred.source_id and numbered.request_id = inferred.request_id
