-- grain: one row per UTC day, feature and workload: how far from usual the shares of its callers are
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_trailed_dates(28) }}',
) }}
{% set trailed = trailed_dates(28) %}{# dbt reads what it is made from once, outside the condition #}
{% set series = 'feature_id, workload' %}
{% set weeks = 'range between 28 preceding and 1 preceding' %}
-- The divergence (Kullback and Leibler) of today's shares of customers, regions and keys from those of the four weeks
-- before. It hardly moves while everybody calls more, and jumps where one does.
with callers as (

    select
        usage_date,
        {{ day_number('usage_date') }} as day,
        feature_id,
        workload,
        customer_id,
        region_id,
        api_key_id,
        cast(sum(request_count - retry_count) as double) as calls
    from {{ ref('fct_usage_hourly') }}
    {% if is_incremental() %}
        where usage_date >= (select min(usage_date) from {{ trailed }} as trailed) - interval 28 day
    {% endif %}
    group by 1, 2, 3, 4, 5, 6, 7

),

before as (

    select
        *,
        sum(calls) over (partition by usage_date, {{ series }}) as all_calls,
        count(*) over (partition by usage_date, {{ series }}) as caller_count,
        coalesce(sum(calls) over (
            partition by {{ series }}, customer_id, region_id, api_key_id order by day {{ weeks }}
        ), 0) as calls_before
    from callers

),

totals as (

    select
        day,
        feature_id,
        workload,
        sum(sum(calls)) over (partition by {{ series }} order by day {{ weeks }}) as all_calls_before
    from callers
    group by 1, 2, 3

)

select
    before.usage_date,
    before.feature_id,
    before.workload,
    -- half a call for who is new: nobody is infinitely unlikely
    round(sum(before.calls / before.all_calls * ln(
        before.calls / before.all_calls
        / ((before.calls_before + 0.5) / (totals.all_calls_before + 0.5 * before.caller_count))
    )), 12) as caller_divergence
from before
inner join totals
    on before.day = totals.day and before.feature_id = totals.feature_id and before.workload = totals.workload
where
    before.calls > 0
    and totals.all_calls_before > 0
    {% if is_incremental() %}
        and before.usage_date in {{ trailed }}
    {% endif %}
group by 1, 2, 3
