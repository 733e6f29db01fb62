-- grain: one row per month, feature, strategy and kind of evidence: what it would have saved, each for itself
{% set low, expected, high = context_window_turns() %}
with found as (

    select
        {{ for_each(['month', 'feature_id'], '@') }},
        'backpressure' as strategy,
        'logs' as evidence_kind,
        sum(retry_count) as request_count,
        sum(retry_cost_usd) as affected_cost_usd,
        sum(least(storm_cost_usd, over_budget_cost_usd)) as low_usd,
        sum(over_budget_cost_usd) as expected_usd,
        sum(retry_cost_usd) as high_usd,
        sum(retry_cost_usd) as potential_usd,
        concat(
            cast(sum(retry_count) as string), ' retries of ', cast(sum(request_count) as string), ' calls, ',
            cast(sum(storm_minute_count) as string), ' minutes of storms'
        ) as evidence
    from {{ ref('retry_waste') }}
    group by 1, 2
    union all
    select
        {{ for_each(['month', 'feature_id'], '@') }},
        'semantic_cache' as strategy,
        'fingerprints' as evidence_kind,
        sum(duplicate_within_day_count + near_duplicate_within_day_count) as request_count,
        sum(contracted_cost_usd) as affected_cost_usd,
        sum(duplicate_within_hour_cost_usd) as low_usd, sum(duplicate_within_day_cost_usd) as expected_usd,
        {{ for_each(['high', 'potential'], 'sum(duplicate_within_day_cost_usd + near_saving_usd) as @_usd') }},
        concat(
            cast(sum(duplicate_within_day_count) as string), ' of ', cast(sum(request_count) as string),
            ' prompts were answered before, ', cast(sum(near_duplicate_within_day_count) as string), ' more nearly'
        ) as evidence
    from {{ ref('duplicate_prompts') }}
    group by 1, 2
    union all
    select
        {{ for_each(['month', 'feature_id'], '@') }},
        'context_window' as strategy,
        'conversations' as evidence_kind,
        max(request_count) as request_count,
        sum(case when window_turns = {{ expected }} then input_cost_usd else 0 end) as affected_cost_usd,
        sum(case when window_turns = {{ low }} then saving_usd else 0 end) as low_usd,
        sum(case when window_turns = {{ expected }} then saving_usd else 0 end) as expected_usd,
        sum(case when window_turns = {{ high }} then saving_usd else 0 end) as high_usd,
        sum(case when window_turns = {{ high }} then saving_usd else 0 end) as potential_usd,
        concat(
            'longest conversation ', cast(max(longest_turn_count) as string), ' turns, ',
            cast(sum(case when window_turns = {{ expected }} then spared_tokens else 0 end) as string),
            ' input tokens older than {{ expected }} turns'
        ) as evidence
    from {{ ref('context_windows') }}
    group by 1, 2
    union all
    select
        {{ for_each(['month', 'feature_id'], '@') }},
        'compression' as strategy,
        'published' as evidence_kind,
        sum(request_count) as request_count,
        sum(compressible_cost_usd) as affected_cost_usd,
        {{ for_each(['low', 'expected', 'high'], 'sum(@_saving_usd) as @_usd') }},
        sum(high_saving_usd) as potential_usd,
        concat(
            cast(sum(compressible_retrieved_context_tokens) as string), ' retrieved tokens and ',
            cast(sum(compressible_history_tokens) as string), ' of history that no cache holds, of ',
            cast(sum(input_tokens) as string), ' of input'
        ) as evidence
    from {{ ref('prompt_compression') }}
    group by 1, 2
    union all
    select
        {{ for_each(['month', 'feature_id'], '@') }},
        'routing' as strategy,
        case when is_evidenced then 'evaluated' else 'none' end as evidence_kind,
        sum(request_count) as request_count,
        sum(actual_cost_usd) as affected_cost_usd,
        {{ for_each(['low', 'expected', 'high'], 'sum(saving_usd) as @_usd') }},
        sum(potential_usd) as potential_usd,
        concat(
            min(concat(model_id, ' to ', candidate_model_id)),
            case when count(distinct concat(model_id, candidate_model_id)) > 1 then ' and others' else '' end,
            '; evidence ', min(evidence)
        ) as evidence
    from {{ ref('routing_savings') }}
    where is_best
    group by 1, 2, 4
    union all
    select
        {{ for_each(['month', 'feature_id'], '@') }},
        'prompt_caching' as strategy,
        case when is_estimated then 'conversations' else 'fingerprints' end as evidence_kind,
        sum(request_count) as request_count,
        sum(actual_cost_usd) as affected_cost_usd,
        sum(low_saving_usd) as low_usd,
        sum(saving_usd) as expected_usd,
        sum(high_saving_usd) as high_usd,
        sum(saving_usd) as potential_usd,
        {{ sorted_list(
            "concat(model_id, ': ', policy_id, ' ', placement, ', '"
            ~ ", cast(cast(round(100 * hit_share) as bigint) as string), ' % read')"
        ) }} as evidence
    from {{ ref('prompt_caching') }}
    where is_best
    group by 1, 2, 4
    union all
    select
        {{ for_each(['month', 'feature_id'], '@') }},
        'batch' as strategy,
        'rules' as evidence_kind,
        sum(request_count) as request_count,
        sum(actual_cost_usd) as affected_cost_usd,
        {{ for_each(['low', 'expected', 'high'], 'sum(@_saving_usd) as @_usd') }},
        sum(actual_cost_usd - batch_cost_usd) as potential_usd,
        min(reason) as evidence
    from {{ ref('batch_savings') }}
    where is_tolerant and batch_cost_usd < actual_cost_usd
    group by 1, 2

)

select
    {{ for_each(['month', 'feature_id', 'strategy', 'evidence_kind', 'evidence'], '@') }},
    cast(request_count as bigint) as request_count,
    {{ for_each(['affected_cost_usd', 'expected_usd'], 'cast(@ as decimal(38, 12)) as @') }},
    -- prompts that shrink may leave a narrow window less to spare than a wide one
    cast(least(low_usd, expected_usd) as decimal(38, 12)) as low_usd,
    cast(greatest(high_usd, expected_usd) as decimal(38, 12)) as high_usd,
    cast(greatest(potential_usd, high_usd, expected_usd) as decimal(38, 12)) as potential_usd
from found
where potential_usd > 0
