-- grain: one row per UTC day, customer, conversation, feature and model
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_touched_dates() }}') }}
-- The one pass over requests below which everything about conversations is small.
select
    usage_date,
    customer_id,
    conversation_id,
    feature_id,
    model_id,
    min(requested_at) as started_at,
    max(requested_at) as ended_at,
    -- a turn is a call to a model that answered, whatever it took to get the answer
    cast(sum(case when operation = 'chat' and status = 'ok' then 1 else 0 end) as bigint) as turn_count,
    cast(count(*) as bigint) as request_count,
    cast(sum(case when attempt_number > 1 then 1 else 0 end) as bigint) as retry_count,
    cast(sum(case when status <> 'ok' then 1 else 0 end) as bigint) as error_count,
    cast(sum(case when {{ is_unpriced() }} then 1 else 0 end) as bigint)
        as unpriced_request_count,
    cast(sum(uncached_input_tokens) as bigint) as uncached_input_tokens,
    cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
    cast(sum(cache_write_tokens) as bigint) as cache_write_tokens,
    cast(sum(output_tokens) as bigint) as output_tokens,
    cast(sum(list_cost_usd) as decimal(38, 12)) as list_cost_usd,
    cast(sum(contracted_cost_usd) as decimal(38, 12)) as contracted_cost_usd,
    cast(sum(cost_usd) as decimal(38, 12)) as cost_usd,
    min(case when is_invoiced then 1 else 0 end) = 1 as is_invoiced
from {{ ref('fct_requests') }}
{% if is_incremental() %}
    where usage_date in (select usage_date from {{ ref('int_touched_dates') }})
{% endif %}
group by 1, 2, 3, 4, 5
