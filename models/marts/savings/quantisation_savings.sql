-- grain: one row per month, feature (or (idle)), pool, provider and model whose quantisation spares something
-- What the best precision spares, by what the model costs each feature, and by what of its machines stands idle.
{% set cases = ['low', 'expected', 'high'] %}
{% set key = ['month', 'rule_number', 'provider_id', 'model_id'] %}
with costs as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        rule_number,
        provider_id,
        model_id,
        feature_id,
        sum(allocated_cost_usd) as cost_usd
    from {{ ref('allocated_costs') }}
    where allocation_status in ('allocated', 'idle')
    group by 1, 2, 3, 4, 5

),

members as (

    -- what stands idle is of no model: each has its share of the pool
    select
        {{ for_each(key + ['pool_id', 'gpu_model', 'gpu_count', 'from_precision', 'to_precision'], 'models.@') }},
        {{ for_each(cases, 'models.@_saving_usd') }},
        models.expected_spared_gpu_count,
        costs.feature_id,
        case
            when costs.model_id = '(idle)' then {{ scaled_money(
                'costs.cost_usd', 'least(floor(round(1000000 * models.pool_share, 3)), 1000000)'
            ) }}
            else costs.cost_usd
        end as cost_usd
    from {{ ref('quantisation') }} as models
    inner join costs
        on
            models.month = costs.month
            and models.rule_number = costs.rule_number
            and (
                costs.model_id = '(idle)'
                or (models.provider_id = costs.provider_id and models.model_id = costs.model_id)
            )
    where models.is_best and models.high_saving_usd > 0 and costs.cost_usd > 0

),

weighed as (

    {% for case in cases %}
        select
            *,
            '{{ case }}' as saving_case,
            {{ case }}_saving_usd as saving_usd,
            -- to a millionth of a dollar, and nobody for nothing
            ceil(1000000 * cost_usd) as cost_weight
        from members
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

calls as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        provider_id,
        model_id,
        sum(request_count) as request_count
    from {{ ref('int_drivers_daily') }}
    group by 1, 2, 3, 4

)

select
    parts.month,
    parts.feature_id,
    {{ for_each(
        [
            'rule_number', 'pool_id', 'provider_id', 'model_id', 'gpu_model', 'gpu_count', 'from_precision',
            'to_precision', 'expected_spared_gpu_count'
        ],
        'parts.@'
    ) }},
    cast(coalesce(max(calls.request_count), 0) as bigint) as request_count,
    cast(max(parts.cost_usd) as decimal(38, 12)) as allocated_cost_usd,
    {{ for_each(
        cases, "cast(sum(case when parts.saving_case = '@' then parts.part else 0 end) as decimal(38, 12)) as @_saving_usd"
    ) }}
from {{ split_exactly(
    'weighed', 'saving_usd', 'cost_weight', key | join(', ') ~ ', saving_case', 'feature_id'
) }} as parts
left join calls
    on {{ for_each(['month', 'feature_id', 'provider_id', 'model_id'], 'parts.@ = calls.@', ' and ') }}
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
