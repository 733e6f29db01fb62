-- grain: one row per revenue line
select
    'revenue_csv' as source_id,
    customer_id,
    plan_id,
    feature_id,
    amount,
    upper(currency) as currency,
    period_start as service_start_date,
    -- exclusive
    period_end as service_end_date,
    input_id,
    record_number
from {{ source('revenue_csv', 'revenue') }}
