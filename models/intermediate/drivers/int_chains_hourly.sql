-- grain: one row per UTC hour, feature, customer, provider, model and environment with calls in chains of models
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_restated_dates") }}',
) }}
{% set touched = ref('int_restated_dates') %}{# dbt reads it once, outside the condition #}
-- A chain is a trace whose answers come from several models.
with traced as (

    select
        trace_id,
        usage_date,
        date_trunc('hour', requested_at) as usage_hour_at,
        feature_id,
        customer_id,
        provider_id,
        model_id,
        environment,
        count(*) as request_count,
        sum(cost_usd) as cost_usd
    from {{ ref('fct_requests') }}
    where
        trace_id is not null
        and operation = 'chat'
        {% if is_incremental() %}
            and usage_date in (select usage_date from {{ touched }})
        {% endif %}
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

chains as (

    select
        usage_date,
        trace_id
    from traced
    group by 1, 2
    having min(model_id) <> max(model_id)

)

select
    traced.usage_hour_at,
    traced.usage_date,
    traced.feature_id,
    traced.customer_id,
    traced.provider_id,
    traced.model_id,
    traced.environment,
    cast(sum(traced.request_count) as bigint) as chained_request_count,
    cast(coalesce(sum(traced.cost_usd), 0) as decimal(38, 12)) as chained_cost_usd
from traced
inner join chains on traced.usage_date = chains.usage_date and traced.trace_id = chains.trace_id
group by 1, 2, 3, 4, 5, 6, 7
