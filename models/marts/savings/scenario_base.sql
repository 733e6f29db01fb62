-- grain: one row per row of cost_drivers: its tokens and cost, and what its tokens cost at other prices
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_restated_dates") }}',
) }}
{% set touched = ref('int_restated_dates') %}{# dbt reads it once, outside the condition #}
{% set key = [
    'usage_date', 'environment', 'feature_id', 'customer_id', 'provider_id', 'model_id', 'operation', 'service_tier',
    'is_batch'
] %}
{% set kinds = priced_tokens() %}
{% set strategies = {'own': '', 'batch': 'batch_', 'routing': 'candidate_', 'routing_batch': 'candidate_batch_'} %}
with called as (

    select distinct
        usage_date,
        feature_id,
        provider_id,
        model_id,
        operation
    from {{ ref('int_drivers_daily') }}
    {% if is_incremental() %}
        where usage_date in (select usage_date from {{ touched }})
    {% endif %}

),

-- the first line of seeds/model_tiers.csv that fits and has a price on that day
routed as (

    select
        called.usage_date,
        called.feature_id,
        called.provider_id,
        called.model_id,
        called.operation,
        min(tiers.rule_number) as rule_number
    from called
    inner join {{ ref('int_alternative_prices') }} as prices
        on
            prices.strategy = 'routing'
            and called.provider_id = prices.provider_id
            and called.model_id = prices.model_id
            and called.usage_date >= prices.valid_from_date
            and called.usage_date < prices.valid_to_date
    inner join {{ ref('model_tiers') }} as tiers on prices.rule_number = tiers.rule_number
    where
        {{ matches_pattern('lower(called.feature_id)', 'tiers.feature_id') }}
        and {{ matches_pattern("coalesce(lower(called.operation), '')", 'tiers.operation') }}
    group by 1, 2, 3, 4, 5

),

drivers as (

    select
        usage.*,
        routed.rule_number,
        coalesce(usage.is_batch, false) or usage.service_tier = 'batch' as is_in_batch,
        -- of calls that all lack a price nothing is known
        usage.unpriced_request_count < usage.request_count as is_known
    from {{ ref('int_drivers_daily') }} as usage
    left join routed
        on {{ for_each(
            ['usage_date', 'feature_id', 'provider_id', 'model_id', 'operation'],
            'usage.@ is not distinct from routed.@', ' and '
        ) }}
    {% if is_incremental() %}
        where usage.usage_date in (select usage_date from {{ touched }})
    {% endif %}

)

select
    {{ for_each(key, 'drivers.@') }},
    drivers.workload,
    drivers.is_in_batch,
    tiers.candidate_provider_id,
    tiers.candidate_model_id,
    coalesce(tiers.quality_lower_bound >= tiers.required_quality, false) as is_evidenced,
    drivers.request_count,
    drivers.unpriced_request_count,
    {{ for_each(kinds.values(), 'drivers.@') }},
    {{ for_each(output_caps(), 'coalesce(capped.output_over_@_tokens, 0) as output_over_@_tokens') }},
    {% for strategy, prefix in strategies.items() %}
        {{ for_each(
            kinds, 'cast(' ~ strategy ~ '.other_@_price as decimal(38, 15)) as ' ~ prefix ~ '@_price_usd'
        ) }},
    {% endfor %}
    {{ for_each(
        kinds | list + ['contracted'],
        'cast(case when drivers.is_known then drivers.@_cost_usd end as decimal(38, 12)) as @_cost_usd'
    ) }},
    -- a bill may know what calls without a price cost
    cast(case when drivers.is_known or drivers.cost_usd <> 0 then drivers.cost_usd end as decimal(38, 12)) as cost_usd
from drivers
left join {{ ref('int_output_caps_daily') }} as capped
    on {{ for_each(key, 'drivers.@ is not distinct from capped.@', ' and ') }}
left join {{ ref('model_tiers') }} as tiers on drivers.rule_number = tiers.rule_number
{% for strategy in strategies %}
    left join {{ ref('int_alternative_prices') }} as {{ strategy }}
        on
            {{ strategy }}.strategy = '{{ strategy }}'
            and drivers.provider_id = {{ strategy }}.provider_id
            and drivers.model_id = {{ strategy }}.model_id
            and drivers.usage_date >= {{ strategy }}.valid_from_date
            and drivers.usage_date < {{ strategy }}.valid_to_date
            {% if strategy == 'batch' %}
                and drivers.service_tier = 'standard' and not drivers.is_in_batch
            {% elif strategy != 'own' %}
                and drivers.rule_number = {{ strategy }}.rule_number
            {% endif %}
{% endfor %}
