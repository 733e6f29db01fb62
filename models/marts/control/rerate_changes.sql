-- grain: one row per rerate, day, provider, model, feature and customer whose cost it changed
select
    changes.rerate_id,
    rerates.ran_at,
    rerates.known_at,
    changes.usage_date,
    changes.provider_id,
    changes.model_id,
    changes.feature_id,
    changes.customer_id,
    changes.request_count,
    changes.cost_before_usd,
    changes.cost_after_usd,
    -- a call that had no price before, or has none now, counts as nothing on that side
    cast(coalesce(changes.cost_after_usd, 0) - coalesce(changes.cost_before_usd, 0) as decimal(38, 12)) as change_usd
from {{ ref('stg_prices__rerate_changes') }} as changes
inner join {{ ref('stg_prices__rerates') }} as rerates
    on changes.rerate_id = rerates.rerate_id
