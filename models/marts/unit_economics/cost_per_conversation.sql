-- grain: one row per customer and conversation
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_conversations() }}',
) }}
{% set touched_conversations, dates = ref('int_touched_conversations'), ref('dim_dates') %}{# dbt reads them once #}
-- Calls that name no conversation are one row a customer, (unattributed), without turns: sums close.
with usage as (

    -- the one pass over requests below which everything is small
    select
        customer_id,
        conversation_id,
        feature_id,
        model_id,
        min(requested_at) as started_at,
        max(requested_at) as ended_at,
        -- a turn is a call to a model that answered, whatever it took to get the answer
        sum(case when operation = 'chat' and status = 'ok' then 1 else 0 end) as turn_count,
        count(*) as request_count,
        sum(case when attempt_number > 1 then 1 else 0 end) as retry_count,
        sum(case when status <> 'ok' then 1 else 0 end) as error_count,
        sum(case when {{ is_unpriced() }} then 1 else 0 end) as unpriced_request_count,
        sum(uncached_input_tokens) as uncached_input_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_write_tokens) as cache_write_tokens,
        sum(output_tokens) as output_tokens,
        sum(list_cost_usd) as list_cost_usd,
        sum(contracted_cost_usd) as contracted_cost_usd,
        sum(cost_usd) as cost_usd,
        min(case when is_invoiced then 1 else 0 end) = 1 as is_invoiced,
        max(case when workload = 'production' then 1 else 0 end) as has_production
    from {{ calls_by_workload() }} as calls
    {% if is_incremental() %}
        where
            (customer_id, conversation_id) in (
                select
                    customer_id,
                    conversation_id
                from {{ touched_conversations }}
            )
            -- hardly any is older than a few days
            and usage_date in (
                select dates.usage_date
                from {{ dates }} as dates
                inner join (select min(from_date) as usage_date from {{ touched_conversations }}) as earliest
                    on dates.usage_date >= earliest.usage_date
            )
    {% endif %}
    group by 1, 2, 3, 4

)

select
    customer_id,
    conversation_id,
    min_by(feature_id, (started_at, feature_id)) as feature_id,
    min(started_at) as started_at,
    max(ended_at) as ended_at,
    cast(min(started_at) as date) as started_date,
    case when conversation_id <> '(unattributed)' then cast(sum(turn_count) as bigint) end as turn_count,
    cast(sum(request_count) as bigint) as request_count,
    cast(sum(retry_count) as bigint) as retry_count,
    cast(sum(error_count) as bigint) as error_count,
    cast(sum(unpriced_request_count) as bigint) as unpriced_request_count,
    1 - {{ ratio('sum(unpriced_request_count)', 'sum(request_count)') }} as priced_share,
    cast(count(distinct feature_id) as bigint) as feature_count,
    cast(sum(uncached_input_tokens) as bigint) as uncached_input_tokens,
    cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
    cast(sum(cache_write_tokens) as bigint) as cache_write_tokens,
    cast(sum(output_tokens) as bigint) as output_tokens,
    cast(sum(list_cost_usd) as decimal(38, 12)) as list_cost_usd,
    cast(sum(contracted_cost_usd) as decimal(38, 12)) as contracted_cost_usd,
    cast(sum(cost_usd) as decimal(38, 12)) as cost_usd,
    min(case when is_invoiced then 1 else 0 end) = 1 as is_invoiced,
    max(has_production) = 1 as is_production,
    cast(count(distinct model_id) as bigint) as model_count,
    {{ sorted_list('model_id') }} as model_ids
from usage
group by 1, 2
-- by started_at: a page asks for days
order by 4
