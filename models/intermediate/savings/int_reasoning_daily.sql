-- grain: one row per UTC day, feature, provider, model and operation whose calls reasoned
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_restated_dates") }}',
) }}
{% set touched = ref('int_restated_dates') %}{# dbt reads it once, outside the condition #}
-- Beyond the median of the day's calls like it: no later day changes what is usual on an earlier one.
{% set key = ['usage_date', 'feature_id', 'provider_id', 'model_id', 'operation'] %}
with calls as (

    select
        {{ for_each(key, '@') }},
        output_tokens,
        least(reasoning_tokens, output_tokens) as reasoning_tokens,
        coalesce(output_cost_usd, 0) as output_cost_usd
    from {{ ref('fct_requests') }}
    where
        reasoning_tokens > 0
        and output_tokens > 0
        -- what else an answer holds has other prices
        and output_audio_tokens + output_image_tokens + output_video_tokens + citation_tokens = 0
        {% if is_incremental() %}
            and usage_date in (select usage_date from {{ touched }})
        {% endif %}

),

{{ percentiles('calls', key, 'reasoning_tokens', [50]) }},

measured as (

    select
        {{ for_each(key, 'calls.@') }},
        calls.output_tokens,
        calls.reasoning_tokens,
        calls.output_cost_usd,
        greatest(calls.reasoning_tokens - usual.p50, 0) as over_median_tokens,
        greatest(calls.reasoning_tokens - 2 * usual.p50, 0) as over_double_median_tokens
    from calls
    inner join percentiles as usual
        on {{ for_each(key, 'calls.@ is not distinct from usual.@', ' and ') }}

)

select
    {{ for_each(key, '@') }},
    cast(count(*) as bigint) as reasoning_request_count,
    cast(sum(output_tokens) as bigint) as output_tokens,
    {% for part in ['reasoning', 'over_median', 'over_double_median'] %}
        cast(sum({{ part }}_tokens) as bigint) as {{ part }}_tokens,
        cast(sum({{ share_of_money('output_cost_usd', part ~ '_tokens', 'output_tokens') }}) as decimal(38, 12))
            as {{ part }}_cost_usd,
    {% endfor %}
    cast(sum(output_cost_usd) as decimal(38, 12)) as output_cost_usd
from measured
group by 1, 2, 3, 4, 5
