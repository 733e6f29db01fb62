-- grain: one row per UTC day, feature and model with caching on: what it cost beside the same tokens without
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
) }}
{% set touched = ref('int_touched_dates') %}{# dbt reads it once, outside the condition #}
-- In US dollars, at the prices of each call.
select
    calls.usage_date,
    calls.feature_id,
    calls.provider_id,
    calls.model_id,
    cast(sum({{ written_tokens('calls') }}) as bigint) as write_tokens,
    cast(sum(calls.cache_read_tokens) as bigint) as read_tokens,
    cast(sum(
        {{ component_cost('calls.cache_read_tokens', 'prices.input_price') }}
        - ({{ component_cost('calls.cache_read_tokens', 'prices.cache_read_price') }})
    ) as decimal(38, 12)) as read_discount,
    cast(sum(
        {{ written_cost('calls') }}
        - ({{ component_cost('(' ~ written_tokens('calls') ~ ')', 'prices.input_price') }})
    ) as decimal(38, 12)) as write_premium
from {{ ref('int_requests_costed') }} as calls
inner join {{ ref('int_rate_card') }} as prices on calls.price_id = prices.price_id
where
    calls.cache_read_tokens + {{ written_tokens('calls') }} > 0
    and calls.usage_status = 'reported'
    and (calls.cache_write_12h_tokens = 0 or prices.cache_write_12h_price is not null)
    {% if is_incremental() %}
        and calls.usage_date in (select usage_date from {{ touched }})
    {% endif %}
group by 1, 2, 3, 4
