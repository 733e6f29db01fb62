-- grain: one row per snapshot and rule of what a region adds
select
    snapshot_id,
    learned_at,
    rule_id,
    provider_id,
    model_id,
    region_id,
    factor,
    valid_from_date,
    valid_to_date,
    source_url
from {{ source('prices', 'uplifts') }}
