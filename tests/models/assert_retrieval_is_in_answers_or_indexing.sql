-- What production spends on embeddings, vector queries and reranking is in answers or in indexing, to the last digit.
-- Over all days: an answer that goes on over midnight is of the day on which it began.
with called as (

    select coalesce(sum(cost_usd), 0) as cost_usd
    from {{ ref('fct_usage_hourly') }}
    where workload = 'production' and operation in ('embeddings', 'retrieval', 'rerank')

),

chained as (

    select
        coalesce(sum(embedding_cost_usd + retrieval_cost_usd + rerank_cost_usd), 0) as retrieval_cost_usd,
        coalesce(sum(unanswered_cost_usd), 0) as unanswered_cost_usd,
        coalesce(sum(answers_cost_usd - generation_cost_usd - other_cost_usd), 0) as overhead_cost_usd
    from {{ ref('cost_per_rag_answer') }}

)

select
    called.cost_usd,
    chained.retrieval_cost_usd,
    chained.unanswered_cost_usd
from called
cross join chained
where
    called.cost_usd <> chained.retrieval_cost_usd + chained.unanswered_cost_usd
    or chained.retrieval_cost_usd <> chained.overhead_cost_usd
