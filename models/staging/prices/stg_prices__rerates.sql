-- grain: one row per rerate
select
    rerate_id,
    from_date,
    to_date,
    known_at,
    ran_at
from {{ source('prices', 'rerates') }}
