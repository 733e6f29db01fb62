-- grain: one row per UTC day and who called what: tokens of answers beyond each limit
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
) }}
{% set touched = ref('int_touched_dates') %}{# dbt reads it once, outside the condition #}
-- A limit is one of each answer: sums of a day do not tell how long its answers are.
select
    usage_date,
    environment,
    feature_id,
    customer_id,
    provider_id,
    model_id,
    operation,
    service_tier,
    is_batch,
    {{ for_each(
        output_caps(), 'cast(sum(greatest(output_tokens - @, 0)) as bigint) as output_over_@_tokens'
    ) }}
from {{ ref('fct_requests') }}
{% if is_incremental() %}
    where usage_date in (select usage_date from {{ touched }})
{% endif %}
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
