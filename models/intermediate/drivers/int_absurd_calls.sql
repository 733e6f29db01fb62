-- grain: one row per feature and day on which one call cost many times what any did in the weeks before
{{ config(materialized='table') }}
{% set calls = ref('fct_requests') %}
with days as (

    select
        usage_date,
        feature_id,
        workload,
        max(largest_cost_usd) as largest_cost_usd
    from {{ ref('fct_usage_hourly') }}
    where largest_cost_usd is not null
    group by 1, 2, 3

),

beside as (

    select
        *,
        max(largest_cost_usd) over (
            partition by feature_id, workload order by {{ day_number('usage_date') }}
            range between 28 preceding and 1 preceding
        ) as largest_before_usd
    from days

),

absurd as (

    select *
    from beside
    -- a first call is compared with nothing
    where largest_cost_usd >= 20 * largest_before_usd and largest_cost_usd >= 10 * {{ var('anomaly_floor_usd') }}

),

named as (

    select
        absurd.usage_date,
        absurd.feature_id,
        absurd.workload,
        absurd.largest_cost_usd,
        min(calls.request_id) as request_id,
        min_by(calls.model_id, calls.request_id) as model_id,
        min_by(calls.uncached_input_tokens + calls.cache_read_tokens + calls.cache_write_tokens, calls.request_id)
            as input_tokens,
        min_by(calls.output_tokens, calls.request_id) as output_tokens
    from absurd
    inner join {{ calls }} as calls
        on
            absurd.usage_date = calls.usage_date
            and absurd.feature_id = calls.feature_id
            and absurd.largest_cost_usd = calls.contracted_cost_usd
    where calls.usage_date in (select days.usage_date from absurd as days)
    group by 1, 2, 3, 4

)

select
    {{ anomaly_id('absurd_call', ['feature_id', 'workload', 'usage_date']) }} as anomaly_id,
    'absurd_call' as kind,
    feature_id,
    workload,
    model_id,
    usage_date as started_date,
    usage_date as last_date,
    cast(1 as bigint) as day_count,
    largest_cost_usd as actual_usd,
    concat(
        'one call, ', request_id, ', of ', cast(input_tokens as string), ' tokens in and ',
        cast(output_tokens as string), ' out'
    ) as detail
from named
