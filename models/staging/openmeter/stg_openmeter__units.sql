-- grain: one row per event, as often as it was told
-- An event is known by its source and id together.
select
    'openmeter' as source_id,
    unit_id,
    concat_ws(' ', event_source, event_id) as event_id,
    coalesce(customer_id, subject) as customer_id,
    feature_id,
    conversation_id,
    trace_id,
    coalesce(quantity, 1) as quantity,
    lower(unit_outcome) as outcome,
    occurred_at,
    cast(occurred_at as date) as unit_date,
    input_id,
    record_number
from {{ source('openmeter', 'units') }}
