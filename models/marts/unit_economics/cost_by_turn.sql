-- grain: one row per feature, month in which conversations began, and turn of them
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_started_months() }}') }}
-- How a conversation grows is told by those that got so far: the others are shorter for a reason.
{% set last_turn = 20 %}{# the last class: the twentieth turn and all later ones #}
{% set parts = ['uncached_input', 'cached_input', 'output', 'other'] %}
{% set counts = ['input_tokens', 'request_count', 'unpriced_request_count'] %}
with numbered as (

    select * from {{ calls_by_turn() }} as by_turn

),

-- by how far they got, too
summed as (

    select
        feature_id,
        month,
        least(turn, {{ last_turn }}) as turn_number,
        least(turn_count, {{ last_turn }}) as reached_turn_number,
        {{ for_each(parts[:3], 'sum(@_cost_usd) as @_cost_usd') }},
        sum(cost_usd) - {{ for_each(parts[:3], 'coalesce(sum(@_cost_usd), 0)', ' - ') }} as other_cost_usd,
        sum(cost_usd) as cost_usd,
        sum(input_tokens) as input_tokens,
        count(*) as request_count,
        count(case when is_unpriced then 1 end) as unpriced_request_count
    from numbered
    group by 1, 2, 3, 4

),

turns as (

    select
        talk,
        turn,
        cast(least(turn, {{ last_turn }}) as bigint) as turn_number,
        min(feature_id) as feature_id,
        min(month) as month,
        sum(cost_usd) as cost_usd
    from numbered
    group by 1, 2, 3

),

{{ percentiles('turns', ['feature_id', 'month', 'turn_number'], 'cost_usd', [50]) }},

reached as (

    select
        feature_id,
        month,
        turn_number,
        -- what waits for an answer that never came is no turn
        cast(count(case when turn > 0 then 1 end) as bigint) as turn_count,
        cast(count(case when turn <= {{ last_turn }} then 1 end) as bigint) as conversation_count
    from turns
    group by 1, 2, 3

),

medians as (

    select
        reached.*,
        percentiles.p50 as median_cost_usd
    from reached
    left join percentiles
        on
            reached.feature_id = percentiles.feature_id
            and reached.month = percentiles.month
            and reached.turn_number = percentiles.turn_number

),

-- of the conversations that got to a turn: all that they cost up to it, and the input of their first
told as (

    select
        medians.feature_id,
        medians.month,
        medians.turn_number,
        medians.conversation_count,
        medians.turn_count,
        medians.median_cost_usd,
        {{ for_each(
            ['cost_usd'] + counts + [
                'uncached_input_cost_usd', 'cached_input_cost_usd', 'output_cost_usd', 'other_cost_usd'
            ],
            'sum(case when summed.turn_number = medians.turn_number then summed.@ end) as @'
        ) }},
        sum(summed.cost_usd) as cost_so_far_usd,
        sum(case when summed.turn_number = 1 then summed.input_tokens end) as first_input_tokens
    from medians
    inner join summed
        on
            medians.feature_id = summed.feature_id
            and medians.month = summed.month
            and medians.turn_number >= summed.turn_number
            and medians.turn_number <= summed.reached_turn_number
    group by 1, 2, 3, 4, 5, 6

)

select
    feature_id,
    month,
    turn_number,
    turn_number = {{ last_turn }} as has_later_turns,
    conversation_count,
    turn_count,
    cast(request_count as bigint) as request_count,
    cast(unpriced_request_count as bigint) as unpriced_request_count,
    cast(cost_usd as decimal(38, 12)) as cost_usd,
    {{ for_each(parts, 'cast(@_cost_usd as decimal(38, 12)) as @_cost_usd') }},
    {{ unit_cost('cost_usd', 'turn_count') }} as cost_per_turn_usd,
    {{ for_each(parts, unit_cost('@_cost_usd', 'turn_count') ~ ' as @_cost_per_turn_usd') }},
    cast(case when turn_count > 0 then median_cost_usd end as decimal(38, 12)) as median_cost_usd,
    cast(cost_so_far_usd as decimal(38, 12)) as cost_so_far_usd,
    {{ unit_cost('cost_so_far_usd', 'conversation_count') }} as cost_so_far_per_conversation_usd,
    cast(input_tokens as bigint) as input_tokens,
    {{ ratio('input_tokens', 'turn_count') }} as input_tokens_per_turn,
    {{ ratio(ratio('input_tokens', 'turn_count'), ratio('first_input_tokens', 'conversation_count')) }} as input_growth,
    1 - {{ ratio('unpriced_request_count', 'request_count') }} as priced_share
from told
