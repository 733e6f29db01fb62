-- grain: one row per dimension (customer, feature, or both), member and month whose production cost something
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_touched_months() }}') }}
{% set dates, touched = ref('dim_dates'), ref('int_restated_dates') %}{# dbt reads them once, outside the condition #}
with conversations as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        customer_id,
        feature_id,
        conversation_id,
        count(*) as request_count,
        sum(case when attempt_number > 1 then 1 else 0 end) as retry_count,
        sum(case when {{ is_unpriced() }} then 1 else 0 end) as unpriced_request_count,
        sum(cost_usd) as cost_usd,
        sum(list_cost_usd) as list_cost_usd,
        coalesce(sum(invoiced_cost_usd), 0) as invoiced_cost_usd
    from {{ calls_by_workload() }} as calls
    where
        workload = 'production'
        {% if is_incremental() %}
            and usage_date in (
                select usage_date
                from {{ dates }}
                where month in (select date_trunc('month', usage_date) from {{ touched }})
            )
        {% endif %}
    group by 1, 2, 3, 4

),

usage as (

    select
        'customer' as dimension,
        customer_id as id,
        '(all)' as of_feature_id,
        feature_id as other_id,
        *
    from conversations
    union all
    select
        'customer and feature' as dimension,
        customer_id as id,
        feature_id as of_feature_id,
        feature_id as other_id,
        *
    from conversations
    union all
    select
        'feature' as dimension,
        feature_id as id,
        '(all)' as of_feature_id,
        customer_id as other_id,
        *
    from conversations

),

summed as (

    select
        dimension,
        id,
        of_feature_id,
        month,
        count(distinct case when conversation_id <> '(unattributed)' then (customer_id, conversation_id) end)
            as conversation_count,
        count(distinct other_id) as other_count,
        sum(request_count) as request_count,
        sum(retry_count) as retry_count,
        sum(unpriced_request_count) as unpriced_request_count,
        cast(sum(cost_usd) as decimal(38, 12)) as cost_usd,
        cast(sum(list_cost_usd) as decimal(38, 12)) as list_cost_usd,
        cast(sum(invoiced_cost_usd) as decimal(38, 12)) as invoiced_cost_usd,
        cast(sum(case when conversation_id <> '(unattributed)' then cost_usd end) as decimal(38, 12))
            as conversation_cost_usd
    from usage
    group by 1, 2, 3, 4

)

select
    dimension,
    id,
    of_feature_id,
    month,
    cast(conversation_count as bigint) as conversation_count,
    cast(other_count as bigint) as other_count,
    cast(request_count as bigint) as request_count,
    cast(retry_count as bigint) as retry_count,
    cast(unpriced_request_count as bigint) as unpriced_request_count,
    cost_usd,
    list_cost_usd,
    {{ unit_cost('conversation_cost_usd', 'conversation_count') }} as cost_per_conversation_usd,
    {{ unit_cost('cost_usd', 'request_count') }} as cost_per_request_usd,
    1 - {{ ratio('unpriced_request_count', 'request_count') }} as priced_share,
    {{ ratio('invoiced_cost_usd', 'cost_usd') }} as invoiced_share
from summed
