-- grain: one row per month, feature, strategy and kind of evidence
{% set marts = {
    'backpressure': 'retry_waste', 'semantic_cache': 'duplicate_prompts', 'context_window': 'context_windows',
    'routing': 'routing_savings', 'prompt_caching': 'prompt_caching', 'batch': 'batch_savings',
} %}
with features as (

    select distinct feature_id
    from {{ ref('int_savings_stacked') }}

),

-- the first line of the seed that fits
owned as (

    select
        features.feature_id,
        min_by(owners.owner_id, owners.owner_number) as owner_id
    from features
    inner join {{ ref('owners') }} as owners
        on {{ matches_pattern('lower(features.feature_id)', 'owners.feature_id') }}
    group by 1

)

select
    stacked.month,
    stacked.feature_id,
    stacked.strategy,
    stacked.evidence_kind,
    stacked.evidence,
    assumptions.assumption,
    assumptions.source as assumption_source,
    assumptions.stated_at as assumption_date,
    assumptions.confidence,
    assumptions.effort,
    coalesce(register.state, 'open') as state,
    coalesce(register.owner_id, owned.owner_id) as owner_id,
    register.note,
    cast(stacked.request_count as bigint) as request_count,
    cast(stacked.affected_cost_usd as decimal(38, 12)) as affected_cost_usd,
    cast(stacked.low_usd as decimal(38, 12)) as low_saving_usd,
    cast(stacked.expected_usd as decimal(38, 12)) as expected_saving_usd,
    cast(stacked.high_usd as decimal(38, 12)) as high_saving_usd,
    cast(stacked.potential_usd as decimal(38, 12)) as potential_usd,
    assumptions.stack_order,
    stacked.stacked_usd as stacked_saving_usd,
    concat(
        'select * from marts.',
        case stacked.strategy
            {% for strategy, mart in marts.items() %}
                when '{{ strategy }}' then '{{ mart }}'
            {% endfor %}
        end,
        ' where month = date ', chr(39), cast(stacked.month as string), chr(39), ' and feature_id = ', chr(39),
        replace(stacked.feature_id, chr(39), concat(chr(39), chr(39))), chr(39)
    ) as proof_query
from {{ ref('int_savings_stacked') }} as stacked
inner join {{ ref('savings_assumptions') }} as assumptions
    on stacked.strategy = assumptions.strategy and stacked.evidence_kind = assumptions.evidence_kind
left join {{ ref('savings_register') }} as register
    on stacked.feature_id = register.feature_id and stacked.strategy = register.strategy
left join owned on stacked.feature_id = owned.feature_id
