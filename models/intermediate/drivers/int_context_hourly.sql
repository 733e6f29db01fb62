-- grain: one row per UTC hour and who called what in conversations: how many began, and what was fed to them again
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
) }}
{% set touched = ref('int_touched_dates') %}{# dbt reads it once, outside the condition #}
-- What a call reads again is at most what the largest call before it in its conversation had read and answered. A day
-- is looked at by itself, so that no later day changes it: what lasts over midnight begins anew.
with calls as (

    select
        requested_at,
        usage_date,
        provider_id,
        model_id,
        customer_id,
        feature_id,
        {{ hashed(['customer_id', 'conversation_id', 'operation']) }} as talk,
        operation,
        environment,
        service_tier,
        is_batch,
        uncached_input_tokens + cache_read_tokens + cache_write_tokens - coalesce(retrieved_context_tokens, 0)
            as prompt_tokens,
        -- thought is not fed again
        uncached_input_tokens + cache_read_tokens + cache_write_tokens + output_tokens - reasoning_tokens
            as known_tokens
    from {{ ref('fct_requests') }}
    where
        conversation_id <> '(unattributed)'
        and {{ is_in_chunk('usage_date') }}
        {% if is_incremental() %}
            and usage_date in (select usage_date from {{ touched }})
        {% endif %}

),

told as (

    select
        *,
        max(known_tokens) over (
            partition by usage_date, talk
            order by requested_at, known_tokens
            rows between unbounded preceding and 1 preceding
        ) as known_before_tokens
    from calls

)

select
    date_trunc('hour', requested_at) as usage_hour_at,
    usage_date,
    provider_id,
    model_id,
    customer_id,
    feature_id,
    operation,
    environment,
    service_tier,
    is_batch,
    cast(sum(case when known_before_tokens is null then 1 else 0 end) as bigint) as conversation_count,
    cast(sum(greatest(least(prompt_tokens, coalesce(known_before_tokens, 0)), 0)) as bigint) as history_tokens
from told
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
