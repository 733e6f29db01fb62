-- grain: one row per budget and month, to the newest: what is spent of it, and what will be at this rate
{{ config(materialized='view') }}
select
    budget_id,
    month,
    dimension,
    member_id,
    owner_id,
    note,
    budget_state as status,
    since_date,
    as_of_date,
    used_up_date,
    day_count,
    days_left as days_left_count,
    unpriced_count as unpriced_request_count,
    warn_at_share,
    {{ ratio('spent_usd', 'amount_usd') }} as used_share,
    cast(amount_usd as decimal(38, 12)) as amount_usd,
    spent_usd,
    run_rate_usd,
    expected_usd
from {{ ref('int_budget_months') }}
