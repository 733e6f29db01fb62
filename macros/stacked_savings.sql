{#
    Savings after overlap, CTEs, the last of them `stacked`: a row of `found` with `stacked_usd`. One after the other, each
    strategy saves its share of what those before it left: together never more than one by one, and never more than there
    is. What calls cost and what rented machines cost is other money: neither is taken from the other.

    found  a relation of month, feature_id, strategy and expected_usd
    costs  a relation of month, feature_id, is_of_machines and cost_usd
#}
{% macro stacked_savings(found, costs) -%}
{% set strategies = savings_strategies() | list %}
{% set is_of_machines %}
    (found.strategy in ('{{ of_machines() | join("', '") }}'))
{% endset %}
claimed as (

    select
        found.month,
        found.feature_id,
        costs.is_of_machines,
        cast(costs.cost_usd as double) as cost,
        {{ for_each(
            strategies,
            "least(coalesce(sum(case when found.strategy = '@' then cast(found.expected_usd as double) end)"
            ~ " / nullif(cast(costs.cost_usd as double), 0), 0), 1) as @_share"
        ) }}
    from {{ found }} as found
    inner join {{ costs }} as costs
        on
            found.month = costs.month
            and found.feature_id = costs.feature_id
            and {{ is_of_machines }} = costs.is_of_machines
    group by 1, 2, 3, 4, costs.cost_usd

),

left_over as (

    select
        month,
        feature_id,
        is_of_machines,
        cost,
        {% for strategy in strategies %}
            1 {% for before in strategies[:loop.index0] %}* (1 - {{ before }}_share) {% endfor %}
            as {{ strategy }}_left{{ ',' if not loop.last }}
        {% endfor %}
    from claimed

),

stacked as (

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
    from {{ found }} as found
    inner join left_over
        on
            found.month = left_over.month
            and found.feature_id = left_over.feature_id
            and {{ is_of_machines }} = left_over.is_of_machines

)
{%- endmacro %}

{# What a month cost by feature: the calls, and apart from them the machines that are rented. #}
{% macro savable_costs() -%}
    select
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        false as is_of_machines,
        sum(contracted_cost_usd) as cost_usd
    from {{ ref('cost_drivers') }}
    group by 1, 2
    union all
    select
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        true as is_of_machines,
        -- credits may be more than what they are for
        greatest(sum(allocated_cost_usd), 0) as cost_usd
    from {{ ref('allocated_costs') }}
    where allocation_status in ('allocated', 'idle', 'unused')
    group by 1, 2
{%- endmacro %}
