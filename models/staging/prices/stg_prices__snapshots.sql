-- grain: one row per snapshot of a source of prices
select
    snapshot_id,
    table_name,
    price_source,
    source_version,
    learned_at,
    row_count
from {{ source('prices', 'snapshots') }}
