{#
    The strategies of savings, in the order in which they are stacked: each of what those before it left. Of each

    mart           the mart that proves it, with month and feature_id
    is_of_machines whether it spares what machines cost that are rented by time, and not what calls cost
    where          which of its rows count
    evidence_kind  an expression of a row: what the figures are from
    and expressions of a group of rows: request_count, affected (what the calls cost, or the part that it is about), low,
    expected, high, potential (the most, if the missing evidence turned up) and evidence, the figures in words
#}
{% macro savings_strategies() -%}
{% set low_turns, turns, high_turns = context_window_turns() %}
{% set usual = {
    'is_of_machines': false,
    'where': 'true',
    'request_count': 'sum(request_count)',
    'low': 'sum(low_saving_usd)',
    'expected': 'sum(expected_saving_usd)',
    'high': 'sum(high_saving_usd)',
    'potential': 'sum(high_saving_usd)',
} %}
{% set of_windows = 'sum(case when window_turns = # then @ else 0 end)' %}
{% set spared = of_windows | replace('@', 'saving_usd') %}
{% set if_known = "case when @ is null then '' else # end" %}
{% set known = {
    'backpressure': {
        'mart': 'retry_waste',
        'evidence_kind': "'logs'",
        'request_count': 'sum(retry_count)',
        'affected': 'sum(retry_cost_usd)',
        'low': 'sum(least(storm_cost_usd, over_budget_cost_usd))',
        'expected': 'sum(over_budget_cost_usd)',
        'high': 'sum(retry_cost_usd)',
        'potential': 'sum(retry_cost_usd)',
        'evidence': in_words(
            '# retries of # calls, # minutes of storms',
            ['sum(retry_count)', 'sum(request_count)', 'sum(storm_minute_count)']
        ),
    },
    'semantic_cache': {
        'mart': 'duplicate_prompts',
        'evidence_kind': "'fingerprints'",
        'request_count': 'sum(duplicate_within_day_count + near_duplicate_within_day_count)',
        'affected': 'sum(contracted_cost_usd)',
        'low': 'sum(duplicate_within_hour_cost_usd)',
        'expected': 'sum(duplicate_within_day_cost_usd)',
        'high': 'sum(duplicate_within_day_cost_usd + near_saving_usd)',
        'potential': 'sum(duplicate_within_day_cost_usd + near_saving_usd)',
        'evidence': in_words(
            '# of # prompts were answered before, # more nearly',
            ['sum(duplicate_within_day_count)', 'sum(request_count)', 'sum(near_duplicate_within_day_count)']
        ),
    },
    'context_window': {
        'mart': 'context_windows',
        'evidence_kind': "'conversations'",
        'request_count': 'max(request_count)',
        'affected': of_windows | replace('#', turns) | replace('@', 'input_cost_usd'),
        'low': spared | replace('#', low_turns),
        'expected': spared | replace('#', turns),
        'high': spared | replace('#', high_turns),
        'potential': spared | replace('#', high_turns),
        'evidence': in_words(
            'longest conversation # turns, # input tokens older than ' ~ turns ~ ' turns',
            ['max(longest_turn_count)', of_windows | replace('#', turns) | replace('@', 'spared_tokens')]
        ),
    },
    'over_retrieval': {
        'mart': 'over_retrieval',
        'evidence_kind': "'logs'",
        'request_count': 'sum(answer_count)',
        'affected': 'sum(context_cost_usd)',
        'evidence': in_words(
            '# of # retrieved pieces were used, less than half of them on # days',
            ['sum(used_chunk_count)', 'sum(retrieved_chunk_count)', 'sum(over_retrieving_day_count)']
        ),
    },
    'compression': {
        'mart': 'prompt_compression',
        'evidence_kind': "'published'",
        'affected': 'sum(compressible_cost_usd)',
        'evidence': in_words(
            '# retrieved tokens and # of history that no cache holds, of # of input',
            ['sum(compressible_retrieved_context_tokens)', 'sum(compressible_history_tokens)', 'sum(input_tokens)']
        ),
    },
    'verbose_reasoning': {
        'mart': 'verbose_reasoning',
        'evidence_kind': "'logs'",
        'request_count': 'sum(reasoning_request_count)',
        'affected': 'sum(reasoning_cost_usd)',
        'evidence': in_words(
            '# of # reasoning tokens are beyond the median of calls like theirs, # beyond twice that',
            ['sum(over_median_tokens)', 'sum(reasoning_tokens)', 'sum(over_double_median_tokens)']
        ),
    },
    'routing': {
        'mart': 'routing_savings',
        'where': 'is_best',
        'evidence_kind': "case when is_evidenced then 'evaluated' else 'none' end",
        'affected': 'sum(actual_cost_usd)',
        'low': 'sum(saving_usd)',
        'expected': 'sum(saving_usd)',
        'high': 'sum(saving_usd)',
        'potential': 'sum(potential_usd)',
        'evidence': in_words('##; evidence #', [
            "min(concat(model_id, ' to ', candidate_model_id))",
            "case when count(distinct concat(model_id, candidate_model_id)) > 1 then ' and others' else '' end",
            'min(evidence)',
        ]),
    },
    'prompt_caching': {
        'mart': 'prompt_caching',
        'where': 'is_best',
        'evidence_kind': "case when is_estimated then 'conversations' else 'fingerprints' end",
        'affected': 'sum(actual_cost_usd)',
        'expected': 'sum(saving_usd)',
        'potential': 'sum(saving_usd)',
        'evidence': sorted_list(in_words(
            '#: # #, # % read', ['model_id', 'policy_id', 'placement', 'cast(round(100 * hit_share) as bigint)']
        )),
    },
    'batch': {
        'mart': 'batch_savings',
        'where': 'is_tolerant and batch_cost_usd < actual_cost_usd',
        'evidence_kind': "'rules'",
        'affected': 'sum(actual_cost_usd)',
        'potential': 'sum(actual_cost_usd - batch_cost_usd)',
        'evidence': 'min(reason)',
    },
    'idle_capacity': {
        'mart': 'idle_capacity',
        'is_of_machines': true,
        'evidence_kind': "case when allocation_status = 'idle' then 'capacity' else 'bill' end",
        'request_count': '0',
        'affected': 'sum(idle_cost_usd)',
        'evidence': sorted_list(in_words('#: # % was ####', [
            'pool_id', 'cast(round(100 * idle_share) as bigint)', 'allocation_status',
            if_known | replace('@', 'gpu_count') | replace('#', in_words(' of # GPUs', ['gpu_count'])),
            if_known | replace('@', 'busiest_hour_share') | replace('#', in_words(
                ', # % used in the busiest hour', ['cast(round(100 * busiest_hour_share) as bigint)']
            )),
            if_known | replace('@', 'busiest_day_share') | replace('#', in_words(
                ', # % used on the busiest day', ['cast(round(100 * busiest_day_share) as bigint)']
            )),
        ])),
    },
    'quantisation': {
        'mart': 'quantisation_savings',
        'is_of_machines': true,
        'evidence_kind': "case when gpu_count is null then 'published' else 'capacity' end",
        'affected': 'sum(allocated_cost_usd)',
        'evidence': sorted_list(in_words('#: # to #, #', [
            'model_id', 'from_precision', 'to_precision',
            "case when gpu_count is null then 'nobody counts its GPUs' else "
            ~ in_words('# of # # fewer', ['expected_spared_gpu_count', 'gpu_count', "coalesce(gpu_model, 'GPUs')"])
            ~ ' end',
        ])),
    },
} %}
{% set strategies = {} %}
{% for name, own in known.items() %}
    {% do strategies.update({name: dict(usual, **own)}) %}
{% endfor %}
{{ return(strategies) }}
{%- endmacro %}

{# Those that spare what rented machines cost. #}
{% macro of_machines() -%}
    {{ return(savings_strategies().items() | selectattr('1.is_of_machines') | map(attribute='0') | list) }}
{%- endmacro %}
