-- grain: one row per month, feature, strategy and kind of evidence
{{ config(materialized='view') }}
{% set marts = {
    'backpressure': 'retry_waste', 'semantic_cache': 'duplicate_prompts', 'context_window': 'context_windows',
    'routing': 'routing_savings', 'prompt_caching': 'prompt_caching', 'batch': 'batch_savings',
} %}
with costs as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        sum(contracted_cost_usd) as cost_usd
    from {{ ref('cost_drivers') }}
    group by 1, 2

),

{{ stacked_savings(ref('savings_found'), 'costs') }},

features as (

    select distinct feature_id
    from stacked

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
    stacked.request_count,
    stacked.affected_cost_usd,
    stacked.low_usd as low_saving_usd,
    stacked.expected_usd as expected_saving_usd,
    stacked.high_usd as high_saving_usd,
    stacked.potential_usd,
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
from stacked
inner join {{ ref('savings_assumptions') }} as assumptions
    on stacked.strategy = assumptions.strategy and stacked.evidence_kind = assumptions.evidence_kind
left join {{ ref('savings_register') }} as register
    on stacked.feature_id = register.feature_id and stacked.strategy = register.strategy
left join owned on stacked.feature_id = owned.feature_id
