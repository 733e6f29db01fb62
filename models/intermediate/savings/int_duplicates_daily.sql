-- grain: one row per UTC day, feature, customer, provider, model and operation: calls that an answer was known for
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
) }}
{% set call = '(
    partition by usage_date, customer_id, feature_id, provider_id, model_id, operation, prompt_fingerprint
    order by requested_at, input_id, record_number
)' %}
-- The same prompt of the same customer, answered before on the same day: an answer is nobody else's.
with answered as (

    select
        usage_date,
        feature_id,
        customer_id,
        provider_id,
        model_id,
        operation,
        contracted_cost_usd,
        {{ milliseconds_between('lag(requested_at) over ' ~ call, 'requested_at') }} as gap_ms
    from {{ ref('int_prompt_calls') }}
    where status = 'ok' and attempt_number = 1

)

select
    usage_date,
    feature_id,
    customer_id,
    provider_id,
    model_id,
    operation,
    {% for lifetime, ms in {'hour': 3600000, 'day': 86400000}.items() %}
        cast(sum(case when gap_ms <= {{ ms }} then 1 else 0 end) as bigint) as duplicate_within_{{ lifetime }}_count,
        cast(sum(case when gap_ms <= {{ ms }} then contracted_cost_usd else 0 end) as decimal(38, 12))
            as duplicate_within_{{ lifetime }}_cost_usd,
    {% endfor %}
    cast(count(*) as bigint) as request_count,
    cast(sum(contracted_cost_usd) as decimal(38, 12)) as contracted_cost_usd
from answered
group by 1, 2, 3, 4, 5, 6
