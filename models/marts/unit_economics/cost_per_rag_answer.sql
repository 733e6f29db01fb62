-- grain: one row per UTC day and feature with retrieval
-- An answer is a chain whose generation came back; one of which a call has no price is counted, and in no cost.
{% set parts = ['embedding', 'retrieval', 'rerank', 'generation', 'other'] %}
with weighed as (

    select
        *,
        has_answer * is_priced as answer_count,
        {{ for_each(parts, '@_usd', ' + ') }} as chain_usd,
        -- of what the prompt cost, the part of the retrieved tokens in it; to a millionth. Guards, as least() and
        -- greatest() skip the NULL of a count that no log tells.
        case when retrieved_context_tokens >= 0 and prompt_tokens > 0 then {{ scaled_money('prompt_usd', whole_division(
            'least(retrieved_context_tokens, prompt_tokens) * 1000000', 'prompt_tokens'
        )) }} end as context_usd,
        case when used_chunk_count >= 0 and retrieved_chunk_count > 0 then {{ whole_division(
            'greatest(retrieved_chunk_count - used_chunk_count, 0) * 1000000', 'retrieved_chunk_count'
        ) }} end as unused_millionths
    from {{ ref('int_rag_chains') }}

),

summed as (

    select
        usage_date,
        feature_id,
        sum(answer_count) as answer_count,
        sum(has_answer - answer_count) as unpriced_answer_count,
        sum(1 - has_answer) as unanswered_count,
        {{ for_each(parts, 'sum(@_usd * answer_count) as @_usd') }},
        sum((embedding_usd + retrieval_usd + rerank_usd) * (1 - answer_count)) as unanswered_usd,
        sum(chain_usd * answer_count) as answers_usd,
        sum(case when answer_count = 1 then context_usd end) as context_usd,
        sum(case when answer_count = 1 and context_usd is not null then chain_usd end) as told_answers_usd,
        sum(case when answer_count = 1 and context_usd is not null then chain_usd - generation_usd - other_usd end)
            as told_overhead_usd,
        sum(case when answer_count = 1 then {{ scaled_money('context_usd', 'unused_millionths') }} end) as unused_usd,
        sum(case when answer_count = 1 and unused_millionths is not null then retrieved_chunk_count end)
            as retrieved_chunk_count,
        sum(case when answer_count = 1 and unused_millionths is not null then used_chunk_count end) as used_chunk_count
    from weighed
    group by 1, 2

)

select
    usage_date,
    feature_id,
    cast(answer_count as bigint) as answer_count,
    {{ for_each(parts + ['answers', 'context', 'unused'], 'cast(@_usd as decimal(38, 12)) as @_cost_usd') }},
    cast(unpriced_answer_count as bigint) as unpriced_answer_count,
    cast(unanswered_count as bigint) as unanswered_count,
    cast(unanswered_usd as decimal(38, 12)) as unanswered_cost_usd,
    {{ for_each(['told_answers', 'told_overhead'], 'cast(@_usd as decimal(38, 12)) as @_cost_usd') }},
    {{ for_each(['retrieved_chunk_count', 'used_chunk_count'], 'cast(@ as bigint) as @') }},
    {{ ratio('answers_usd - generation_usd - other_usd', 'answers_usd') }} as overhead_share,
    {{ ratio('told_overhead_usd + context_usd', 'told_answers_usd') }} as overhead_with_context_share,
    -- more than half of what was retrieved, and paid for as input, was for nothing
    used_chunk_count * 2 < retrieved_chunk_count as is_over_retrieving
from summed
