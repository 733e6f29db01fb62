-- grain: one row per restatement, source, billing account, billing period and billing currency
-- Counted when the newer bill took the place of the older one: what was replaced stays in the landing, and is not read.
select
    source_id,
    billing_account_id,
    billing_period_start_at,
    billing_currency,
    restated_at,
    row_count_before,
    row_count_after,
    billed_cost_before,
    billed_cost_after,
    cast(billed_cost_after - billed_cost_before as decimal(38, 12)) as billed_cost_change,
    effective_cost_before,
    effective_cost_after,
    cast(effective_cost_after - effective_cost_before as decimal(38, 12)) as effective_cost_change,
    restated_by,
    input_ids,
    replaced_input_ids
from {{ ref('stg_landing__restatements') }}
