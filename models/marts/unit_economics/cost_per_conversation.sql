-- grain: one row per customer and conversation
-- Calls that name no conversation are one row a customer, (unattributed), without turns: sums close.
with by_model as (

    select
        *,
        first_value(feature_id) over (
            partition by customer_id, conversation_id
            order by started_at, feature_id
            rows between unbounded preceding and unbounded following
        ) as first_feature_id
    from {{ ref('int_usage_by_conversation') }}

),

models as (

    select distinct
        customer_id,
        conversation_id,
        model_id
    from {{ ref('int_usage_by_conversation') }}

),

model_lists as (

    select
        customer_id,
        conversation_id,
        cast(count(*) as bigint) as model_count,
        {{ sorted_list('model_id') }} as model_ids
    from models
    group by 1, 2

),

conversations as (

    select
        customer_id,
        conversation_id,
        max(first_feature_id) as feature_id,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        sum(turn_count) as turn_count,
        sum(request_count) as request_count,
        sum(retry_count) as retry_count,
        sum(error_count) as error_count,
        sum(unpriced_request_count) as unpriced_request_count,
        count(distinct feature_id) as feature_count,
        sum(uncached_input_tokens) as uncached_input_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_write_tokens) as cache_write_tokens,
        sum(output_tokens) as output_tokens,
        sum(list_cost_usd) as list_cost_usd,
        sum(contracted_cost_usd) as contracted_cost_usd,
        sum(cost_usd) as cost_usd,
        min(case when is_invoiced then 1 else 0 end) = 1 as is_invoiced
    from by_model
    group by 1, 2

)

select
    conversations.customer_id,
    conversations.conversation_id,
    conversations.feature_id,
    conversations.started_at,
    conversations.ended_at,
    cast(conversations.started_at as date) as started_date,
    cast(
        case when conversations.conversation_id <> '(unattributed)' then conversations.turn_count end as bigint
    ) as turn_count,
    cast(conversations.request_count as bigint) as request_count,
    cast(conversations.retry_count as bigint) as retry_count,
    cast(conversations.error_count as bigint) as error_count,
    cast(conversations.unpriced_request_count as bigint) as unpriced_request_count,
    1 - {{ ratio('conversations.unpriced_request_count', 'conversations.request_count') }} as priced_share,
    cast(conversations.feature_count as bigint) as feature_count,
    model_lists.model_count,
    model_lists.model_ids,
    cast(conversations.uncached_input_tokens as bigint) as uncached_input_tokens,
    cast(conversations.cache_read_tokens as bigint) as cache_read_tokens,
    cast(conversations.cache_write_tokens as bigint) as cache_write_tokens,
    cast(conversations.output_tokens as bigint) as output_tokens,
    cast(conversations.list_cost_usd as decimal(38, 12)) as list_cost_usd,
    cast(conversations.contracted_cost_usd as decimal(38, 12)) as contracted_cost_usd,
    cast(conversations.cost_usd as decimal(38, 12)) as cost_usd,
    conversations.is_invoiced
from conversations
inner join model_lists
    on
        conversations.customer_id = model_lists.customer_id
        and conversations.conversation_id = model_lists.conversation_id
