-- grain: one row per dimension (customer, feature, or both), member and month whose production cost something
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_touched_months() }}') }}
{% set touched = days_of_touched_months() %}{# dbt reads it once, outside the condition #}
{% set of_touched %}
    {% if is_incremental() %}
        and usage_date in {{ touched }}
    {% endif %}
{% endset %}
with hours as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        customer_id,
        feature_id,
        sum(request_count) as request_count,
        sum(retry_count) as retry_count,
        sum(unpriced_request_count) as unpriced_request_count,
        sum(cost_usd) as cost_usd,
        sum(list_cost_usd) as list_cost_usd,
        sum(invoiced_cost_usd) as invoiced_cost_usd
    from {{ ref('fct_usage_hourly') }}
    where workload = 'production' {{ of_touched }}
    group by 1, 2, 3

),

-- for what hours do not know the calls are read, once
conversations as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        customer_id,
        feature_id,
        conversation_id,
        sum(cost_usd) as cost_usd
    from {{ calls_by_workload() }} as calls
    where workload = 'production' and conversation_id <> '(unattributed)' {{ of_touched }}
    group by 1, 2, 3, 4

),

held as (

    select
        month,
        customer_id,
        feature_id,
        count(*) as conversation_count,
        sum(cost_usd) as conversation_cost_usd
    from conversations
    group by 1, 2, 3

),

-- a conversation of several features is one of their customer
had as (

    select
        month,
        customer_id,
        count(distinct conversation_id) as conversation_count
    from conversations
    group by 1, 2

),

pairs as (

    select
        hours.*,
        coalesce(held.conversation_count, 0) as conversation_count,
        held.conversation_cost_usd,
        coalesce(had.conversation_count, 0) as conversation_count_of_customer
    from hours
    left join held
        on hours.month = held.month and hours.customer_id = held.customer_id and hours.feature_id = held.feature_id
    left join had on hours.month = had.month and hours.customer_id = had.customer_id

),

summed as (

    {% for dimension, id, of_feature, conversations in [
        ('customer', 'customer_id', "'(all)'", 'max(conversation_count_of_customer)'),
        ('customer and feature', 'customer_id', 'feature_id', 'sum(conversation_count)'),
        ('feature', 'feature_id', "'(all)'", 'sum(conversation_count)'),
    ] %}
        select
            '{{ dimension }}' as dimension,
            {{ id }} as id,
            {{ of_feature }} as of_feature_id,
            month,
            {{ conversations }} as conversation_count,
            count(*) as other_count,
            sum(request_count) as request_count,
            sum(retry_count) as retry_count,
            sum(unpriced_request_count) as unpriced_request_count,
            cast(sum(cost_usd) as decimal(38, 12)) as cost_usd,
            cast(sum(list_cost_usd) as decimal(38, 12)) as list_cost_usd,
            cast(sum(invoiced_cost_usd) as decimal(38, 12)) as invoiced_cost_usd,
            cast(sum(conversation_cost_usd) as decimal(38, 12)) as conversation_cost_usd
        from pairs
        group by 1, 2, 3, 4
        {{ 'union all' if not loop.last }}
    {% endfor %}

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
