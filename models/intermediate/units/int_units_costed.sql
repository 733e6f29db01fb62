-- grain: one row per unit, what makes one of it, customer and touched month: how many, how they ended, what they cost
-- A view: it is hardly narrower than int_unit_instances, and read for sums of the months that are made anew only.
-- Events without calls are units all the same, and cost nothing; calls without a unit of theirs are the cost of none.
{% set parts = unit_parts() %}
with instances as (

    select
        instances.*,
        units.counted_by,
        case
            when units.counted_by <> 'event' then units.counted_by
            when instances.instance_id = '(unlinked)' then 'none'
        end as linked_by
    from {{ ref('int_unit_instances') }} as instances
    inner join {{ ref('units') }} as units on instances.unit_id = units.unit_id
    where month in (select month from {{ ref('int_unit_months') }})

),

events as (

    -- a link is enough; what has none is matched by its customer
    select
        unit_id,
        linked_by,
        link_id,
        case when linked_by = 'none' then customer_id else '(any)' end as of_customer_id,
        month,
        min(customer_id) as customer_id,
        min(feature_id) as feature_id,
        min(first_date) as first_date,
        sum(unit_count) as unit_count,
        sum(known_outcome_count) as known_outcome_count,
        sum(success_count) as success_count
    from {{ ref('int_unit_events') }}
    where month in (select month from {{ ref('int_unit_months') }})
    group by 1, 2, 3, 4, 5

),

joined as (

    select
        coalesce(instances.unit_id, events.unit_id) as unit_id,
        coalesce(instances.instance_id, events.link_id) as instance_id,
        coalesce(instances.customer_id, events.customer_id) as customer_id,
        coalesce(instances.feature_id, events.feature_id) as feature_id,
        coalesce(instances.month, events.month) as month,
        coalesce(instances.first_date, events.first_date) as first_date,
        instances.unit_id is not null as has_calls,
        case
            when instances.counted_by <> 'event' then 1
            else coalesce(events.unit_count, 0)
        end as unit_count,
        case
            when instances.counted_by <> 'event' then least(coalesce(events.known_outcome_count, 0), 1)
            else coalesce(events.known_outcome_count, 0)
        end as known_outcome_count,
        case
            when instances.counted_by <> 'event' then least(coalesce(events.success_count, 0), 1)
            else coalesce(events.success_count, 0)
        end as success_count,
        {{ for_each(
            [
                'turn_count', 'request_count', 'unpriced_request_count', 'own_request_count',
                'own_unpriced_request_count', 'cost_usd', 'own_cost_usd'
            ],
            'coalesce(instances.@, 0) as @'
        ) }},
        {{ for_each(parts, 'coalesce(instances.@_cost_usd, 0) as @_cost_usd') }}
    from instances
    full join events
        on
            instances.unit_id = events.unit_id
            and instances.month = events.month
            and instances.instance_id = events.link_id
            and coalesce(instances.linked_by, events.linked_by) = events.linked_by
            and events.of_customer_id in ('(any)', instances.customer_id)

)

select
    joined.*,
    coalesce(plans.plan_id, '(unattributed)') as plan_id
from joined
inner join {{ ref('units') }} as units
    on
        joined.unit_id = units.unit_id
        -- of what is not counted by events, an event that found no calls is no unit
        and (joined.has_calls or units.counted_by = 'event')
left join {{ ref('dim_customer_plans') }} as plans
    on
        joined.customer_id = plans.customer_id
        and joined.first_date >= plans.valid_from_date
        and joined.first_date < plans.valid_to_date
