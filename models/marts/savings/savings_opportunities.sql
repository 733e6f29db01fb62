-- grain: one row per month, feature, strategy and kind of evidence
{{ config(materialized='view') }}
with costs as (

    {{ savable_costs() }}

),

{{ stacked_savings(ref('savings_found'), 'costs') }}

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
    cast(case stacked.strategy
        {% for strategy in savings_strategies() %}
            when '{{ strategy }}' then {{ loop.index }}
        {% endfor %}
    end as bigint) as stack_order,
    stacked.stacked_usd as stacked_saving_usd,
    concat(
        'select * from marts.',
        case stacked.strategy
            {% for name, strategy in savings_strategies().items() %}
                when '{{ name }}' then '{{ strategy.mart }}'
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
left join {{ owners_of('stacked') }} as owned on stacked.feature_id = owned.feature_id
