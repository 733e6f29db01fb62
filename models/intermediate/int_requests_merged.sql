-- grain: one row per logged model call that shares its call with another row
{{ config(materialized='table') }}
-- One row of a call counts (rank 1), that of the system of record. The others add neither use nor cost: they tell who
-- called and what for, where the record does not.
{% set call = 'partition by call_source_id, call_name' %}
with called as (

    select
        repeated.*,
        coalesce(systems.source_rank, 2147483647) as source_rank,
        coalesce(repeated.call_response_id, repeated.request_id) as call_name,
        case when repeated.call_response_id is null then repeated.source_id end as call_source_id
    from {{ ref('int_requests_repeated') }} as repeated
    left join {{ ref('systems_of_record') }} as systems on repeated.source_id = systems.source_id

),

ranked as (

    -- Of a record that its source wrote again the latest version holds. A streamed answer may be logged several times
    -- while it grows: the row with the most tokens is the finished one; one that says nothing of the end comes last.
    select
        *,
        count(*) over ({{ call }}) as row_count,
        row_number() over (
            {{ call }}
            order by
                source_rank asc, source_id asc,
                coalesce(updated_at, timestamp '1970-01-01 00:00:00') desc,
                case when has_usage then 0 else 1 end asc, all_tokens desc,
                case when status = 'aborted' then 1 else 0 end asc,
                requested_at asc, input_id asc, record_number asc
        ) as rank_in_call
    from called

),

kept as (

    select
        *,
        first_value(source_id) over ({{ call }} order by rank_in_call) as kept_source_id,
        first_value(request_id) over ({{ call }} order by rank_in_call) as kept_request_id,
        first_value(usage_date) over ({{ call }} order by rank_in_call) as kept_usage_date,
        row_number() over ({{ call }}, source_id order by rank_in_call) as rank_in_source
    from ranked
    where row_count > 1

),

witnesses as (

    select
        kept_source_id,
        kept_request_id,
        {{ sorted_list('source_id') }} as enriched_by
    from kept
    where rank_in_source = 1 and source_id <> kept_source_id
    group by 1, 2

),

told as (

    -- of each column the value of the best row that has one
    select
        kept_source_id,
        kept_request_id,
        {{ for_each(enriching_columns(), 'min_by(@, case when @ is not null then rank_in_call end) as @') }}
    from kept
    group by 1, 2

)

select
    kept.source_id,
    kept.input_id,
    kept.record_number,
    kept.usage_date,
    kept.request_id,
    kept.call_response_id as response_id,
    kept.kept_source_id,
    kept.kept_request_id,
    kept.kept_usage_date,
    kept.rank_in_call,
    witnesses.enriched_by,
    {{ for_each(enriching_columns(), 'told.@') }}
from kept
inner join told on kept.kept_source_id = told.kept_source_id and kept.kept_request_id = told.kept_request_id
left join witnesses
    on kept.kept_source_id = witnesses.kept_source_id and kept.kept_request_id = witnesses.kept_request_id
