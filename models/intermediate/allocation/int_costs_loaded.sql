-- grain: one row per dimension (customer, feature), member and month: its calls, and its share of shared cost
with shared as (

    {% for dimension in ['customer', 'feature'] %}
        select
            '{{ dimension }}' as dimension,
            {{ dimension }}_id as id,
            cast(date_trunc('month', usage_date) as date) as month,
            sum(allocated_cost_usd) as shared_cost_usd
        from {{ ref('allocated_costs') }}
        where {{ is_loaded() }}
        group by 1, 2, 3
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

direct as (

    select * from {{ ref('int_costs_by_member') }}
    where dimension in ('customer', 'feature')

)

select
    coalesce(direct.dimension, shared.dimension) as dimension,
    coalesce(direct.id, shared.id) as id,
    coalesce(direct.month, shared.month) as month,
    {{ for_each(
        ['conversation_count', 'other_count', 'request_count', 'retry_count', 'unpriced_request_count'],
        'cast(coalesce(direct.@, 0) as bigint) as @'
    ) }},
    -- a member without calls has cost none; one whose calls have no price keeps its NULL
    case when direct.id is null then 0 else direct.cost_usd end as cost_usd,
    case when direct.id is null then 0 else direct.list_cost_usd end as list_cost_usd,
    coalesce(shared.shared_cost_usd, 0) as shared_cost_usd,
    direct.cost_per_conversation_usd,
    direct.cost_per_request_usd,
    direct.priced_share,
    direct.invoiced_share
from direct
full join shared
    on
        direct.dimension = shared.dimension
        and direct.id = shared.id
        and direct.month = shared.month
