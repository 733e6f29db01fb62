-- grain: one row per unit, customer, feature, month, and conversation or trace that events tell, if any
-- A table: units, and what calls are found by, read it again and again.
{{ config(materialized='table') }}
-- An event that was told twice counts once: the last that was said of it.
with told as (

    {{ union_staged('units') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_id, unit_id, event_id order by occurred_at desc, input_id asc, record_number asc
        ) as rank_of_event
    from told

)

select
    unit_id,
    case
        when trace_id is not null then 'trace'
        when conversation_id is not null then 'conversation'
        else 'none'
    end as linked_by,
    coalesce(trace_id, conversation_id, '(unlinked)') as link_id,
    coalesce(customer_id, '(unattributed)') as customer_id,
    coalesce(feature_id, '(unattributed)') as feature_id,
    cast(date_trunc('month', unit_date) as date) as month,
    min(unit_date) as first_date,
    cast(sum(quantity) as bigint) as unit_count,
    cast(sum(case when outcome in ('success', 'failure') then quantity else 0 end) as bigint) as known_outcome_count,
    cast(sum(case when outcome = 'success' then quantity else 0 end) as bigint) as success_count
from ranked
where rank_of_event = 1
group by 1, 2, 3, 4, 5, 6
