-- The turns of a month hold what its conversations hold, to the last digit: money, calls, answers, and themselves.
with turns as (

    select
        feature_id,
        month,
        coalesce(sum(cost_usd), 0) as cost_usd,
        sum({{ for_each(
            ['uncached_input', 'cached_input', 'output', 'other'], 'coalesce(@_cost_usd, 0)', ' + '
        ) }}) as parts_usd,
        -- all that began got to the first turn, or to none
        sum(case when turn_number <= 1 then conversation_count else 0 end) as conversation_count,
        sum(turn_count) as turn_count,
        sum(request_count) as request_count
    from {{ ref('cost_by_turn') }}
    group by 1, 2

),

conversations as (

    select
        feature_id,
        cast(date_trunc('month', started_date) as date) as month,
        coalesce(sum(cost_usd), 0) as cost_usd,
        count(*) as conversation_count,
        sum(turn_count) as turn_count,
        sum(request_count) as request_count
    from {{ ref('cost_per_conversation') }}
    where is_production and conversation_id <> '(unattributed)'
    group by 1, 2

)

select
    coalesce(turns.feature_id, conversations.feature_id) as feature_id,
    coalesce(turns.month, conversations.month) as month,
    turns.cost_usd,
    conversations.cost_usd as expected_cost_usd
from turns
full join conversations on turns.feature_id = conversations.feature_id and turns.month = conversations.month
where
    turns.feature_id is null
    or conversations.feature_id is null
    or turns.cost_usd <> conversations.cost_usd
    or turns.parts_usd <> turns.cost_usd
    or turns.conversation_count <> conversations.conversation_count
    or turns.turn_count <> conversations.turn_count
    or turns.request_count <> conversations.request_count
