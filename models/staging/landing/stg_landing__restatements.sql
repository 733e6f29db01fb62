-- grain: one row per restatement, billing account, billing period and currency
select
    source_id,
    billing_account_id,
    billing_period_start as billing_period_start_at,
    billing_currency,
    row_count_before,
    row_count_after,
    billed_cost_before,
    billed_cost_after,
    effective_cost_before,
    effective_cost_after,
    input_ids,
    replaced_input_ids,
    restated_by,
    restated_at
from {{ source('landing', 'restatements') }}
