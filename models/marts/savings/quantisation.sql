-- grain: one row per month, pool, provider and model on machines of one's own, and precision that it could have
-- So many times the throughput takes so many times fewer GPUs, each as busy as before. Only whole ones are spared: a
-- pool on one GPU saves nothing. Where nobody counts GPUs, the low case is 0 and the others know no whole ones.
{% set cases = ['low', 'expected', 'high'] %}
{% set key = ['month', 'rule_number', 'provider_id', 'model_id'] %}
with rented as (

    -- a commitment that nobody used is no machine
    select
        cast(date_trunc('month', usage_date) as date) as month,
        rule_number,
        sum(allocated_cost_usd) as rented_usd
    from {{ ref('allocated_costs') }}
    where allocation_status in ('allocated', 'idle')
    group by 1, 2

),

served as (

    select
        {{ for_each(key + ['pool_id', 'allocated_cost_usd', 'allocated_cost_per_million_tokens_usd'], 'capacity.@') }},
        capacity.uncached_input_tokens + capacity.cache_read_tokens + capacity.cache_write_tokens
        + capacity.output_tokens as delivered_tokens,
        rented.rented_usd,
        {{ ratio(
            'capacity.allocated_cost_usd',
            'sum(capacity.allocated_cost_usd) over (partition by capacity.month, capacity.rule_number)'
        ) }} as pool_share
    from {{ ref('rented_capacity') }} as capacity
    inner join rented on capacity.month = rented.month and capacity.rule_number = rented.rule_number
    where capacity.allocated_cost_usd > 0 and rented.rented_usd > 0

),

sized as (

    select
        {{ for_each(
            key + [
                'pool_id', 'delivered_tokens', 'allocated_cost_usd', 'allocated_cost_per_million_tokens_usd',
                'rented_usd', 'pool_share'
            ],
            'served.@'
        ) }},
        {{ for_each(
            [
                'gpu_model', 'gpu_count', 'serving_mode', 'from_precision', 'to_precision', 'quality_note', 'stated_at',
                'source', 'multiplier_number'
            ] + ['low_multiplier', 'expected_multiplier', 'high_multiplier'],
            'candidates.@'
        ) }},
        -- without whole GPUs to a millionth
        {{ for_each(
            cases,
            'cast(floor(round(coalesce(candidates.gpu_count, 1000000) * served.pool_share'
            ~ ' * (1 - 1 / cast(candidates.@_multiplier as double)), 6)) as bigint) as @_spared_parts'
        ) }}
    from served
    inner join {{ ref('int_quantisation_candidates') }} as candidates
        on {{ for_each(key, 'served.@ = candidates.@', ' and ') }}

),

saved as (

    select
        *,
        {{ for_each(
            cases, share_of_money('rented_usd', '@_spared_parts', 'coalesce(gpu_count, 1000000)') ~ ' as @_usd'
        ) }}
    from sized

)

select
    {{ for_each(key + ['pool_id', 'gpu_model'], '@') }},
    cast(gpu_count as bigint) as gpu_count,
    {{ for_each(
        ['serving_mode', 'from_precision', 'to_precision', 'quality_note', 'stated_at', 'source'], '@'
    ) }},
    {{ for_each(cases, '@_multiplier') }},
    cast(delivered_tokens as bigint) as delivered_tokens,
    pool_share,
    allocated_cost_usd,
    {{ for_each(cases, 'case when gpu_count is not null then @_spared_parts end as @_spared_gpu_count') }},
    cast(case when gpu_count is null then 0 else low_usd end as decimal(38, 12)) as low_saving_usd,
    {{ for_each(cases[1:], 'cast(@_usd as decimal(38, 12)) as @_saving_usd') }},
    allocated_cost_per_million_tokens_usd as cost_per_million_tokens_usd,
    {{ per_million('allocated_cost_usd - case when gpu_count is null then 0 else low_usd end', 'delivered_tokens') }}
        as low_cost_per_million_tokens_usd,
    {{ per_million('allocated_cost_usd - expected_usd', 'delivered_tokens') }}
        as expected_cost_per_million_tokens_usd,
    {{ per_million('allocated_cost_usd - high_usd', 'delivered_tokens') }} as high_cost_per_million_tokens_usd,
    row_number() over (
        partition by {{ key | join(', ') }} order by expected_usd desc, high_usd desc, multiplier_number asc
    ) = 1 as is_best
from saved
