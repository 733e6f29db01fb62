-- What production spends on embeddings, vector queries and reranking is in answers or in indexing, to the last digit.
-- What an answer had after midnight is of the day on which it began.
with called as (

    select
        usage_date,
        sum(cost_usd) as cost_usd
    from {{ ref('fct_usage_hourly') }}
    where workload = 'production' and operation in ('embeddings', 'retrieval', 'rerank')
    group by 1
    union all
    select
        usage_date,
        retrieval_after_midnight_usd as cost_usd
    from {{ ref('int_rag_chains') }}
    union all
    select
        cast(usage_date + interval 1 day as date) as usage_date,
        -retrieval_after_midnight_usd as cost_usd
    from {{ ref('int_rag_chains') }}

),

chained as (

    select
        usage_date,
        sum(embedding_cost_usd + retrieval_cost_usd + rerank_cost_usd) as retrieval_cost_usd,
        sum(unanswered_cost_usd) as unanswered_cost_usd,
        sum(answers_cost_usd - generation_cost_usd - other_cost_usd) as overhead_cost_usd
    from {{ ref('cost_per_rag_answer') }}
    group by 1

),

daily as (

    select
        usage_date,
        sum(cost_usd) as cost_usd
    from called
    group by 1

)

select
    coalesce(daily.usage_date, chained.usage_date) as usage_date,
    daily.cost_usd,
    chained.retrieval_cost_usd,
    chained.unanswered_cost_usd
from daily
full join chained on daily.usage_date = chained.usage_date
where
    coalesce(daily.cost_usd, 0) <> coalesce(chained.retrieval_cost_usd + chained.unanswered_cost_usd, 0)
    or chained.retrieval_cost_usd <> chained.overhead_cost_usd
