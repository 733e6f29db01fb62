-- grain: one row per UTC hour, feature, customer, provider, model and environment: its busiest minute, and its storms
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_restated_dates") }}',
) }}
{% set touched = ref('int_restated_dates') %}{# dbt reads it once, outside the condition #}
-- A storm is a minute in which a fifth of at least ten calls repeats others: what a limit on calls would spare.
with minutes as (

    select
        date_trunc('minute', requested_at) as usage_minute_at,
        usage_date,
        feature_id,
        customer_id,
        provider_id,
        model_id,
        environment,
        count(*) as request_count,
        sum(case when attempt_number > 1 then 1 else 0 end) as retry_count,
        sum(case when attempt_number > 1 then cost_usd end) as retry_cost_usd
    from {{ ref('fct_requests') }}
    {% if is_incremental() %}
        where usage_date in (select usage_date from {{ touched }})
    {% endif %}
    group by 1, 2, 3, 4, 5, 6, 7

)

select
    date_trunc('hour', usage_minute_at) as usage_hour_at,
    usage_date,
    feature_id,
    customer_id,
    provider_id,
    model_id,
    environment,
    cast(max(request_count) as bigint) as peak_minute_request_count,
    cast(sum(case when request_count >= 10 and retry_count * 5 >= request_count then 1 else 0 end) as bigint)
        as storm_minute_count,
    cast(coalesce(
        sum(case when request_count >= 10 and retry_count * 5 >= request_count then retry_cost_usd end), 0
    ) as decimal(38, 12)) as storm_cost_usd,
    cast(coalesce(sum(retry_cost_usd), 0) as decimal(38, 12)) as retry_cost_usd
from minutes
group by 1, 2, 3, 4, 5, 6, 7
