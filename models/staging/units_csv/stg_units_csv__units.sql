-- grain: one row per event, as often as it was told
select
    'units_csv' as source_id,
    unit_id,
    event_id,
    customer_id,
    feature_id,
    conversation_id,
    trace_id,
    coalesce(quantity, 1) as quantity,
    lower(unit_outcome) as outcome,
    occurred_at,
    cast(occurred_at as date) as unit_date,
    input_id,
    record_number
from {{ source('units_csv', 'units') }}
