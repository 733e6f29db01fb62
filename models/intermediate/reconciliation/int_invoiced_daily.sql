-- grain: one row per UTC day, day of the provider's billing calendar, source, account, project and model of calls
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_refactored_dates") }}',
) }}
-- What calls come to by the bill, each rounded by itself, and one of them that can take what rounding left over.
{% set dates = ref('int_refactored_dates') %}{# dbt reads it once, outside the condition #}
select
    usage_date,
    billing_date,
    source_id,
    provider_id,
    coalesce(billing_account_id, '') as called_account_id,
    coalesce(project_id, '') as called_project_id,
    model_id as called_model_id,
    max(request_id) as request_id,
    {{ for_each_component('cast(coalesce(sum(@_invoiced_usd), 0) as decimal(38, 12)) as @_invoiced_usd') }}
from {{ ref('int_requests_reconciled') }}
where
    is_on_bill
    {% if is_incremental() %}
        and usage_date in (select usage_date from {{ dates }})
    {% endif %}
group by 1, 2, 3, 4, 5, 6, 7
