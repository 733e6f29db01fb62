-- grain: one row per UTC day, day of the provider's billing calendar, source, account, project, model and tier of calls
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_touched_dates() }}') }}
-- What calls cost by the price book, as narrow as a bill may tell it: all that reconciliation knows of requests.
{% set dates = ref('int_touched_dates') %}{# dbt reads it once, outside the condition #}
select
    calls.usage_date,
    calls.billing_date,
    calls.source_id,
    calls.provider_id,
    calls.billing_account_id,
    calls.project_id,
    calls.model_id,
    {{ billed_tier('calls.service_tier', 'calls.is_batch') }} as service_tier,
    cast(count(*) as bigint) as request_count,
    cast(sum(case when {{ is_unpriced() }} then 1 else 0 end) as bigint) as unpriced_request_count,
    {{ for_each_component('cast(sum(calls.@_cost_usd) as decimal(38, 12)) as @_cost_usd') }},
    {{ for_each_component('cast(sum(#) as decimal(38, 0)) as @_quantity') }}
from {{ ref('int_requests_costed') }} as calls
{% if is_incremental() %}
    where calls.usage_date in (select usage_date from {{ dates }})
{% endif %}
group by 1, 2, 3, 4, 5, 6, 7, 8
