-- grain: one row per month, feature, strategy and kind of evidence: what it would have saved, each for itself
with found as (

    {% for name, strategy in savings_strategies().items() %}
        select
            month,
            feature_id,
            '{{ name }}' as strategy,
            {{ strategy.evidence_kind }} as evidence_kind,
            {{ strategy.request_count }} as request_count,
            {{ strategy.affected }} as affected_cost_usd,
            {{ strategy.low }} as low_usd,
            {{ strategy.expected }} as expected_usd,
            {{ strategy.high }} as high_usd,
            {{ strategy.potential }} as potential_usd,
            {{ strategy.evidence }} as evidence
        from {{ ref(strategy.mart) }}
        where {{ strategy.where }}
        group by 1, 2, 4
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    {{ for_each(['month', 'feature_id', 'strategy', 'evidence_kind', 'evidence'], '@') }},
    cast(request_count as bigint) as request_count,
    {{ for_each(['affected_cost_usd', 'expected_usd'], 'cast(@ as decimal(38, 12)) as @') }},
    -- prompts that shrink may leave a narrow window less to spare than a wide one
    cast(least(low_usd, expected_usd) as decimal(38, 12)) as low_usd,
    cast(greatest(high_usd, expected_usd) as decimal(38, 12)) as high_usd,
    cast(greatest(potential_usd, high_usd, expected_usd) as decimal(38, 12)) as potential_usd
from found
where potential_usd > 0
