-- grain: one row per UTC day, feature, model and way of caching: what it would have cost, estimated by conversations
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
) }}
{% set touched = ref('int_touched_dates') %}{# dbt reads it once, outside the condition #}
{% set talk = [
    'customer_id', 'feature_id', 'conversation_id', 'operation', 'calls.provider_id', 'calls.model_id'
] %}
{% set in_time = '(partition by usage_date, talk order by requested_at, known_tokens)' %}
-- Where no fingerprints tell what prompts share: a call finds what its conversation fed to the model before, as far as
-- int_context_hourly can tell. What conversations share with each other, a system prompt, is not seen. In US dollars.
with calls as (

    select
        calls.usage_date,
        calls.requested_at,
        calls.provider_id,
        calls.model_id,
        calls.feature_id,
        {{ hashed(talk) }} as talk,
        {{ text_input_tokens('calls') }} as input_tokens,
        {{ text_input_tokens('calls') }} - coalesce(calls.retrieved_context_tokens, 0) as prompt_tokens,
        -- thought is not fed again
        {{ text_input_tokens('calls') }} + calls.output_tokens - calls.reasoning_tokens as known_tokens,
        {{ cached_input_cost('calls') }} as actual_cost,
        calls.price_id
    from {{ ref('int_requests_costed') }} as calls
    inner join {{ ref('int_rate_card') }} as prices on calls.price_id = prices.price_id
    where
        calls.conversation_id <> '(unattributed)'
        and calls.usage_status = 'reported'
        and prices.input_price is not null
        and {{ is_in_chunk('calls.usage_date') }}
        {% if is_incremental() %}
            and calls.usage_date in (select usage_date from {{ touched }})
        {% endif %}

),

told as (

    select
        *,
        {{ milliseconds_between('lag(requested_at) over ' ~ in_time, 'requested_at') }} as gap_ms,
        max(known_tokens) over (
            partition by usage_date, talk
            order by requested_at, known_tokens
            rows between unbounded preceding and 1 preceding
        ) as known_before_tokens
    from calls

),

found as (

    select
        told.usage_date,
        told.feature_id,
        told.provider_id,
        told.model_id,
        told.price_id,
        told.input_tokens,
        told.actual_cost,
        {{ cache_way_columns('policies') }},
        case
            when told.gap_ms <= policies.lifetime_ms
                then greatest(least(told.prompt_tokens, told.known_before_tokens), 0)
            else 0
        end as found_tokens
    from told
    inner join {{ ref('int_cache_policies') }} as policies
        on {{ offers_way('told', 'policies') }}

),

{{ cost_of_caching('found', {'everything': ('input_tokens', 'found_tokens')}) }}
