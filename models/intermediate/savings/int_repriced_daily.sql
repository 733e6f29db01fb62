-- grain: one row per row of cost_drivers and alternative to its model: what the same tokens would have cost there
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_restated_dates") }}',
) }}
-- One card prices both: what is paid for the tokens becomes the share that they cost at list there of what they cost
-- at list here. Discounts, uplifts and currencies are carried over. Other prices build everything anew.
{% set touched = ref('int_restated_dates') %}{# dbt reads it once, outside the condition #}
{% set key = [
    'usage_date', 'environment', 'workload', 'feature_id', 'customer_id', 'provider_id', 'model_id', 'operation'
] %}
with listed as (

    select
        {{ for_each(key, 'drivers.@') }},
        prices.strategy,
        prices.rule_number,
        drivers.request_count,
        {% for side in ['', 'other_'] %}
            {% for kind, tokens in priced_tokens().items() %}
                {{ component_cost('drivers.' ~ tokens, 'prices.' ~ side ~ kind ~ '_price') }}
                {{ '+' if not loop.last }}
            {% endfor %} as {{ side }}list_cost,
        {% endfor %}
        {{ for_each(priced_tokens(), 'drivers.@_cost_usd', ' + ') }} as actual_cost_usd
    from {{ ref('int_drivers_daily') }} as drivers
    inner join {{ ref('int_alternative_prices') }} as prices
        on
            drivers.provider_id = prices.provider_id
            and drivers.model_id = prices.model_id
            and drivers.usage_date >= prices.valid_from_date
            and drivers.usage_date < prices.valid_to_date
    where
        prices.strategy in ('batch', 'routing')
        and drivers.service_tier = 'standard'
        and not coalesce(drivers.is_batch, false)
        {% if is_incremental() %}
            and drivers.usage_date in (select usage_date from {{ touched }})
        {% endif %}

)

select
    {{ for_each(key, '@') }},
    strategy,
    rule_number,
    request_count,
    cast(actual_cost_usd as decimal(38, 12)) as actual_cost_usd,
    {{ times('actual_cost_usd', exact_quotient('other_list_cost', 'list_cost')) }} as other_cost_usd
from listed
where list_cost > 0 and other_list_cost is not null
