-- grain: one row per UTC day, feature, customer, provider, model and operation: calls that an answer was known for
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
    meta={'rows_by_day': prompt_calls_by_day()},
) }}
{% set same_prompt = '(partition by prompt_number order by requested_at, input_id, record_number)' %}
{% set group = ['usage_date', 'customer_id', 'feature_id', 'provider_id', 'model_id', 'operation'] %}
-- The same prompt of the same customer, or a near one, answered before on the same day: an answer is nobody else's.
-- Near to any that was answered, whether a cache would have kept that answer or given an older one: at most so many.
-- Of millions of prompts that differ hardly two have the same 64 bits.
with answered as (

    select
        {{ for_each(group, '@') }},
        requested_at,
        input_id,
        record_number,
        prompt_similarity,
        input_tokens,
        contracted_cost_usd,
        {{ hashed(group) }} as group_number,
        {{ hashed(group + ['prompt_fingerprint']) }} as prompt_number,
        {{ hashed(['input_id', 'record_number']) }} as call_number
    from {{ ref('int_prompt_calls') }}
    where
        status = 'ok'
        and attempt_number = 1
        and {{ is_in_chunk('usage_date') }}

),

{{ near_duplicates('answered') }},

-- most prompts are asked once
asked_again as (

    select prompt_number
    from answered
    group by 1
    having count(*) > 1

),

repeated as (

    select
        call_number,
        {{ milliseconds_between('lag(requested_at) over ' ~ same_prompt, 'requested_at') }} as gap_ms
    from answered
    where prompt_number in (select prompt_number from asked_again)

),

gaps as (

    select
        {{ for_each(group, 'answered.@') }},
        answered.input_tokens,
        answered.contracted_cost_usd,
        repeated.gap_ms,
        nearest.near_gap_ms
    from answered
    left join repeated on answered.call_number = repeated.call_number
    left join nearest on answered.call_number = nearest.call_number

)

select
    usage_date,
    feature_id,
    customer_id,
    provider_id,
    model_id,
    operation,
    {% for lifetime, ms in {'hour': 3600000, 'day': 86400000}.items() %}
        {% for kind, is_found in {
            'duplicate': 'gap_ms <= ' ~ ms,
            'near_duplicate': 'near_gap_ms <= ' ~ ms ~ ' and coalesce(gap_ms > ' ~ ms ~ ', true)',
        }.items() %}
            cast(sum(case when {{ is_found }} then 1 else 0 end) as bigint) as {{ kind }}_within_{{ lifetime }}_count,
            cast(sum(case when {{ is_found }} then contracted_cost_usd else 0 end) as decimal(38, 12))
                as {{ kind }}_within_{{ lifetime }}_cost_usd,
        {% endfor %}
    {% endfor %}
    cast(count(*) as bigint) as request_count,
    cast(sum(input_tokens) as bigint) as input_tokens,
    cast(sum(contracted_cost_usd) as decimal(38, 12)) as contracted_cost_usd
from gaps
group by 1, 2, 3, 4, 5, 6
