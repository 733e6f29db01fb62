-- grain: one row per unit, dimension (company, feature, customer, plan), member and month
-- Means are over units; the median and the 95th hundredth over what makes one (a conversation, a trace, …): the least
-- value that so many do not exceed. Shared cost by the share that the units have in what calls of the member cost.
{% set parts = unit_parts() %}
{% set counts = [
    'unit_count', 'known_outcome_count', 'success_count', 'turn_count', 'request_count', 'unpriced_request_count'
] %}
with shares as (

    select
        summed.*,
        units.price_usd,
        units.target_margin,
        margins.shared_cost_usd as member_shared_cost_usd,
        {% set direct = '(margins.cogs_usd - margins.shared_cost_usd)' %}
        case
            when {{ direct }} >= 0.000001 then {{ whole_division(
                'greatest(least(summed.cost_usd, ' ~ direct ~ '), 0) * 1000000000000000', direct ~ ' * 1000000000'
            ) }}
        end as millionths
    from {{ ref('int_units_summed') }} as summed
    inner join {{ ref('units') }} as units on summed.unit_id = units.unit_id
    left join {{ ref('gross_margin') }} as margins
        on
            summed.dimension = margins.dimension
            and summed.id = margins.id
            and summed.month = margins.month

),

loaded as (

    select
        *,
        case
            when millionths is not null then {{ scaled_money('member_shared_cost_usd', 'least(millionths, 1000000)') }}
            else 0
        end as shared_cost_usd
    from shares

),

averaged as (

    select
        *,
        cost_usd + shared_cost_usd as fully_loaded_cost_usd,
        {{ unit_cost('cost_usd', 'unit_count') }} as cost_per_unit_usd,
        {{ unit_cost('(cost_usd + shared_cost_usd)', 'unit_count') }} as fully_loaded_cost_per_unit_usd,
        {{ unit_cost('known_outcome_cost_usd', 'success_count') }} as cost_per_successful_unit_usd
    from loaded

)

select
    unit_id,
    dimension,
    id,
    month,
    {{ for_each(counts, '@') }},
    sample_size,
    -- a rule of thumb: of fewer, one more may move the mean by a third of a spread
    sample_size < 30 as is_small_sample,
    cost_usd,
    {{ for_each(parts, '@_cost_usd') }},
    cast(shared_cost_usd as decimal(38, 12)) as shared_cost_usd,
    cast(fully_loaded_cost_usd as decimal(38, 12)) as fully_loaded_cost_usd,
    {{ for_each(
        [
            'cost_per_unit_usd', 'median_cost_usd', 'p95_cost_usd', 'fully_loaded_cost_per_unit_usd',
            'cost_per_successful_unit_usd'
        ],
        'cast(@ as decimal(38, 12)) as @'
    ) }},
    {{ ratio('success_count', 'known_outcome_count') }} as success_share,
    cast(nullif(price_usd, 0) as decimal(38, 15)) as price_usd,
    case when price_usd > 0 then {{ ratio('price_usd - fully_loaded_cost_per_unit_usd', 'price_usd') }} end
        as margin_at_price,
    cast(target_margin as decimal(6, 4)) as target_margin,
    cast({{ unit_cost(
        '(cast(fully_loaded_cost_per_unit_usd as decimal(24, 12)) * 10000)', 'cast((1 - target_margin) * 10000 as decimal(5, 0))'
    ) }} as decimal(38, 15)) as break_even_price_usd,
    1 - {{ ratio('unpriced_request_count', 'request_count') }} as priced_share
from averaged
