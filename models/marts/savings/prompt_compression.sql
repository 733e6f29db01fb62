-- grain: one row per month, feature, provider and model whose calls read what was said before, or what was retrieved
-- Saved of a part: its tokens × (1 - 1 / ratio) at what they cost, less what compressing them costs; nothing where that
-- costs more.
{% set parts = ['retrieved_context', 'history'] %}
{% set cases = ['low', 'expected', 'high'] %}
{% set key = ['month', 'feature_id', 'provider_id', 'model_id'] %}
with months as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        provider_id,
        model_id,
        sum(request_count) as request_count,
        sum(input_tokens) as input_tokens,
        {{ for_each(parts, 'sum(@_tokens) as @_tokens') }},
        {{ for_each(parts, 'sum(compressible_@_tokens) as compressible_@_tokens') }},
        {{ for_each(parts, 'sum(@_cost_usd) as @_cost_usd') }}
    from {{ ref('int_compressible_daily') }}
    group by 1, 2, 3, 4

),

costed as (

    {% for part in parts %}
        select
            {{ for_each(key, '@') }},
            '{{ part }}' as part,
            compressible_{{ part }}_tokens as part_tokens,
            {{ part }}_cost_usd as part_cost_usd
        from months
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

ratios as (

    select
        part,
        {{ for_each(cases, 'floor(1000000 * (1 - 1 / cast(@_ratio as double))) as @_millionths') }},
        cast(compressor_usd_per_million_tokens * cast(0.000001 as decimal(6, 6)) as decimal(18, 12)) as token_cost_usd
    from {{ ref('compression_ratios') }}

),

saved as (

    select
        {% for case in cases %}
            sum(greatest(
                {{ scaled_money('costed.part_cost_usd', 'ratios.' ~ case ~ '_millionths') }}
                - cast(
                    cast(costed.part_tokens as decimal(18, 0)) * ratios.token_cost_usd
                    * case when ratios.{{ case }}_millionths > 0 then 1 else 0 end
                    as decimal(38, 12)
                ),
                0
            )) as {{ case }}_saving_usd,
        {% endfor %}
        {{ for_each(key, 'costed.@') }}
    from costed
    inner join ratios on costed.part = ratios.part
    group by 4, 5, 6, 7

),

repeated as (

    select
        {{ for_each(key, '@') }},
        max(hit_share) as repeated_prefix_share
    from {{ ref('prompt_caching') }}
    where not is_estimated and placement = 'everything'
    group by 1, 2, 3, 4

)

select
    {{ for_each(key, 'months.@') }},
    {{ for_each(
        [
            'request_count', 'input_tokens', 'retrieved_context_tokens', 'history_tokens',
            'compressible_retrieved_context_tokens', 'compressible_history_tokens'
        ],
        'cast(months.@ as bigint) as @'
    ) }},
    {{ ratio('months.retrieved_context_tokens', 'months.input_tokens') }} as retrieved_context_share,
    {{ ratio('months.history_tokens', 'months.input_tokens') }} as history_share,
    repeated.repeated_prefix_share,
    cast(months.retrieved_context_cost_usd + months.history_cost_usd as decimal(38, 12)) as compressible_cost_usd,
    {{ for_each(cases, 'cast(saved.@_saving_usd as decimal(38, 12)) as @_saving_usd') }}
from months
inner join saved on {{ for_each(key, 'months.@ = saved.@', ' and ') }}
left join repeated on {{ for_each(key, 'months.@ = repeated.@', ' and ') }}
where months.retrieved_context_tokens + months.history_tokens > 0
