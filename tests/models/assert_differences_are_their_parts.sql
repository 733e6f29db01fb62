-- What was rated and the nine parts are what was billed, in every cell, without a rest.
select *
from {{ ref('reconciliation') }}
where
    difference_usd
    <> coverage_variance_usd + quantity_variance_usd + price_variance_usd + tier_variance_usd + timing_variance_usd
    + credit_variance_usd + non_token_variance_usd + rounding_variance_usd + unexplained_variance_usd
    or (invoice_id is not null and rated_cost_usd + difference_usd <> billed_cost_usd)
    or (invoice_id is not null and billed_cost_usd <> requests_cost_usd + unattributed_cost_usd + timing_variance_usd)
