-- grain: one row per month and feature whose answers tell how much of what was retrieved for them they used
-- Likely spared: on days on which less than half was used, what is beyond twice what was. At most: all that was unused.
select
    cast(date_trunc('month', usage_date) as date) as month,
    feature_id,
    cast(sum(answer_count) as bigint) as answer_count,
    cast(sum(retrieved_chunk_count) as bigint) as retrieved_chunk_count,
    cast(sum(used_chunk_count) as bigint) as used_chunk_count,
    cast(sum(case when is_over_retrieving then 1 else 0 end) as bigint) as over_retrieving_day_count,
    cast(sum(context_cost_usd) as decimal(38, 12)) as context_cost_usd,
    cast(0 as decimal(38, 12)) as low_saving_usd,
    cast(coalesce(sum(case when is_over_retrieving then {{ share_of_money(
        'unused_cost_usd', 'retrieved_chunk_count - 2 * used_chunk_count', 'retrieved_chunk_count - used_chunk_count'
    ) }} end), 0) as decimal(38, 12)) as expected_saving_usd,
    cast(sum(unused_cost_usd) as decimal(38, 12)) as high_saving_usd
from {{ ref('cost_per_rag_answer') }}
where unused_cost_usd is not null
group by 1, 2
