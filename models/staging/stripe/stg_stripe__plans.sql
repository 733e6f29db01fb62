-- grain: one row per item of a subscription, by its newest state
-- A subscription tells what is on it now, and not what was before: its newest period is how far it has come. One that
-- was never paid for the first time has not begun. What an item costs orders the items, and does nothing else.
with records as (
    select
        *,
        greatest(created, item_period_start, ended_at) as changed_at,
        case when lower(status) = 'canceled' then 1 else 0 end as state_rank
    from {{ source('stripe', 'revenue') }}
    where kind = 'subscription'
)

select
    'stripe' as source_id,
    coalesce(holder_customer_id, customer, '(unattributed)') as customer_id,
    coalesce(plan_name, price_id) as plan_id,
    cast(coalesce(unit_amount, 0) as decimal(38, 12)) as plan_weight,
    cast(coalesce(start_date, created) as date) as valid_from_date,
    -- the day on which it ends is still on it
    coalesce(cast(ended_at + interval '1' day as date), date '2100-01-01') as valid_to_date,
    input_id,
    record_number
from {{ newest_read('records') }} as items
where
    is_line
    and coalesce(plan_name, price_id) is not null
    and lower(status) not in ('incomplete', 'incomplete_expired')
