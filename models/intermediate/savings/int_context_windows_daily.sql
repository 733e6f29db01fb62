-- grain: one row per UTC day, feature, provider, model and window: what keeping so many turns of history would spare
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
) }}
{% set touched = ref('int_touched_dates') %}{# dbt reads it once, outside the condition #}
{% set windows = context_window_turns() %}
{% set talk = ['customer_id', 'feature_id', 'conversation_id', 'operation'] %}
{% set in_time = '(partition by usage_date, talk order by requested_at, record_number, input_id)' %}
-- A prompt is the first one of its conversation and what was said since. With a window of W turns it holds what was
-- said in the last W: what the prompt W turns before had beyond the first is left out. In US dollars, cached tokens
-- first: what is left out was nearly all read from the cache, where there is one.
with calls as (

    select
        calls.usage_date,
        calls.requested_at,
        calls.record_number,
        calls.input_id,
        calls.provider_id,
        calls.model_id,
        calls.feature_id,
        {{ hashed(talk) }} as talk,
        calls.cache_read_tokens,
        {{ text_input_tokens('calls') }} as input_tokens,
        {{ text_input_tokens('calls') }} - coalesce(calls.retrieved_context_tokens, 0) as prompt_tokens,
        {{ cached_input_cost('calls') }} as input_cost,
        prices.input_price,
        prices.cache_read_price
    from {{ ref('int_requests_costed') }} as calls
    inner join {{ ref('int_rate_card') }} as prices on calls.price_id = prices.price_id
    where
        calls.conversation_id <> '(unattributed)'
        and calls.usage_status = 'reported'
        -- an attempt that failed is no turn
        and calls.status = 'ok'
        and {{ is_in_chunk('calls.usage_date') }}
        {% if is_incremental() %}
            and calls.usage_date in (select usage_date from {{ touched }})
        {% endif %}

),

turns as (

    select
        *,
        first_value(prompt_tokens) over {{ in_time }} as first_prompt_tokens,
        row_number() over {{ in_time }} as turn,
        {{ for_each(windows, 'lag(prompt_tokens, @) over ' ~ in_time ~ ' as tokens_@_before') }}
    from calls

),

bounded as (

    select
        *,
        {{ for_each(
            windows,
            'least(greatest(tokens_@_before - first_prompt_tokens, 0), input_tokens) as spared_@'
        ) }}
    from turns

),

spared as (

    select
        usage_date,
        feature_id,
        provider_id,
        model_id,
        max(turn) as longest_turn_count,
        count(*) as request_count,
        sum(input_tokens) as input_tokens,
        {% for window in windows %}
            sum(spared_{{ window }}) as spared_{{ window }}_tokens,
            sum({{ component_cost('spared_' ~ window, 'input_price') }}) as uncached_{{ window }}_cost,
            sum(
                {{ component_cost('least(spared_' ~ window ~ ', cache_read_tokens)', 'cache_read_price') }}
                + {{ component_cost(
                    '(spared_' ~ window ~ ' - least(spared_' ~ window ~ ', cache_read_tokens))', 'input_price'
                ) }}
            ) as spared_{{ window }}_cost,
        {% endfor %}
        sum(input_cost) as input_cost
    from bounded
    group by 1, 2, 3, 4

)

{% for window in windows %}
    select
        usage_date,
        feature_id,
        provider_id,
        model_id,
        cast({{ window }} as bigint) as window_turns,
        cast(longest_turn_count as bigint) as longest_turn_count,
        cast(request_count as bigint) as request_count,
        cast(input_tokens as bigint) as input_tokens,
        cast(spared_{{ window }}_tokens as bigint) as spared_tokens,
        cast(input_cost as decimal(38, 12)) as input_cost,
        cast(uncached_{{ window }}_cost as decimal(38, 12)) as uncached_spared_cost,
        cast(spared_{{ window }}_cost as decimal(38, 12)) as spared_cost
    from spared
    {{ 'union all' if not loop.last }}
{% endfor %}
