-- grain: one row per month, feature, strategy and kind of evidence: what is left of its saving after those before it
-- One after the other, each saves its share of what those before it left: together never more than one by one, and
-- never more than there is.
{% set strategies = ['backpressure', 'semantic_cache', 'context_window', 'routing', 'prompt_caching', 'batch'] %}
with costs as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        cast(sum(contracted_cost_usd) as double) as cost
    from {{ ref('cost_drivers') }}
    group by 1, 2

),

claimed as (

    select
        found.month,
        found.feature_id,
        costs.cost,
        {{ for_each(
            strategies,
            "least(coalesce(sum(case when found.strategy = '@' then cast(found.expected_usd as double) end)"
            ~ " / nullif(costs.cost, 0), 0), 1) as @_share"
        ) }}
    from {{ ref('int_savings_found') }} as found
    inner join costs on found.month = costs.month and found.feature_id = costs.feature_id
    group by 1, 2, 3

),

left_over as (

    select
        month,
        feature_id,
        cost,
        {% for strategy in strategies[1:] %}
            {% for before in strategies[:loop.index] %}
                (1 - {{ before }}_share){{ ' *' if not loop.last }}
            {% endfor %} as {{ strategy }}_left,
        {% endfor %}
        1 as {{ strategies[0] }}_left
    from claimed

)

select
    found.*,
    cast(least(
        found.expected_usd,
        cast(least(cast(found.expected_usd as double), left_over.cost) * case found.strategy
            {% for strategy in strategies %}
                when '{{ strategy }}' then left_over.{{ strategy }}_left
            {% endfor %}
        end as decimal(38, 12))
    ) as decimal(38, 12)) as stacked_usd
from {{ ref('int_savings_found') }} as found
inner join left_over on found.month = left_over.month and found.feature_id = left_over.feature_id
