-- Savings that were found are told: also one whose line in seeds/savings_assumptions.csv is missing.
select
    found.month,
    found.feature_id,
    found.strategy,
    found.evidence_kind
from {{ ref('savings_found') }} as found
left join {{ ref('savings_opportunities') }} as told
    on
        found.month = told.month
        and found.feature_id = told.feature_id
        and found.strategy = told.strategy
        and found.evidence_kind = told.evidence_kind
where told.strategy is null
