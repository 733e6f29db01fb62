-- grain: one row per UTC hour and everything that is grouped by: who called what, what for, and by which rules
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates("int_restated_dates") }}',
) }}
{% set kind_key = ['environment', 'feature_id', 'customer_id', 'model_id', 'operation'] %}
{% set touched = ref('int_restated_dates') %}{# dbt reads it once, outside the condition #}
with hours as (

    select
        date_trunc('hour', requested_at) as usage_hour_at,
        usage_date,
        source_id,
        provider_id,
        model_id,
        coalesce(deployment_id, '(none)') as deployment_id,
        coalesce(region_id, '(none)') as region_id,
        coalesce(api_key_id, '(none)') as api_key_id,
        coalesce(prompt_version, '(none)') as prompt_version,
        coalesce(release_id, '(none)') as release_id,
        customer_id,
        feature_id,
        coalesce(team_id, '(unattributed)') as team_id,
        operation,
        environment,
        coalesce(attribution_rules, '(none)') as attribution_rules,
        service_tier,
        is_batch,
        cast(count(*) as bigint) as request_count,
        cast(sum(case when attempt_number > 1 then 1 else 0 end) as bigint) as retry_count,
        cast(sum(case when status <> 'ok' then 1 else 0 end) as bigint) as error_count,
        cast(sum(case when {{ is_rate_limited() }} then 1 else 0 end) as bigint) as rate_limited_count,
        cast(sum(case when {{ is_unpriced() }} then 1 else 0 end) as bigint)
            as unpriced_request_count,
        1 - {{ ratio(
            "sum(case when " ~ is_unpriced() ~ " then 1 else 0 end)", 'count(*)'
        ) }} as priced_share,
        cast(sum(uncached_input_tokens) as bigint) as uncached_input_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_write_tokens) as bigint) as cache_write_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(reasoning_tokens) as bigint) as reasoning_tokens,
        cast(coalesce(sum(retrieved_context_tokens), 0) as bigint) as retrieved_context_tokens,
        cast(coalesce(sum(latency_ms), 0) as bigint) as latency_ms,
        -- before its first token a server reads the prompt, after it it writes the answer
        cast(coalesce(sum(case when latency_ms >= time_to_first_token_ms then time_to_first_token_ms end), 0) as bigint)
            as prefill_ms,
        cast(coalesce(
            sum(case when latency_ms >= time_to_first_token_ms then latency_ms - time_to_first_token_ms end), 0
        ) as bigint) as decode_ms,
        cast(sum(input_cost_usd) as decimal(38, 12)) as input_cost_usd,
        cast(sum(cache_read_cost_usd) as decimal(38, 12)) as cache_read_cost_usd,
        cast(sum(cache_write_cost_usd) as decimal(38, 12)) as cache_write_cost_usd,
        cast(sum(output_cost_usd) as decimal(38, 12)) as output_cost_usd,
        cast(sum(tool_cost_usd) as decimal(38, 12)) as tool_cost_usd,
        cast(sum(other_cost_usd) as decimal(38, 12)) as other_cost_usd,
        cast(sum(list_cost_usd) as decimal(38, 12)) as list_cost_usd,
        cast(sum(contracted_cost_usd) as decimal(38, 12)) as contracted_cost_usd,
        -- prices are in US dollars
        {% if var('reporting_currency') == 'USD' %}
            cast(sum(contracted_cost_usd) as decimal(38, 12)) as contracted_cost_in_pricing_currency,
        {% else %}
            cast(sum(cast(contracted_cost_usd as double) / cast(exchange_rate as double)) as decimal(38, 12))
                as contracted_cost_in_pricing_currency,
        {% endif %}
        cast(max(contracted_cost_usd) as decimal(38, 12)) as largest_cost_usd,
        cast(sum(cost_usd) as decimal(38, 12)) as cost_usd,
        cast(coalesce(sum(invoiced_cost_usd), 0) as decimal(38, 12)) as invoiced_cost_usd,
        min(case when is_invoiced then 1 else 0 end) = 1 as is_invoiced
    from {{ ref('fct_requests') }}
    {% if is_incremental() %}
        where usage_date in (select usage_date from {{ touched }})
    {% endif %}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18

),

kinds as (

    select distinct
        environment,
        feature_id,
        customer_id,
        model_id,
        operation
    from hours

),

-- what no rule takes is production: a missing tag takes no cost out of the margin
worked as (

    select
        {{ for_each(kind_key, 'kinds.@') }},
        coalesce(min_by(rules.workload, rules.rule_number), 'production') as workload
    from kinds
    left join {{ ref('workload_rules') }} as rules
        on
            {{ matches_pattern('lower(kinds.environment)', 'rules.environment') }}
            and {{ matches_pattern('lower(kinds.feature_id)', 'rules.feature_id') }}
            and {{ matches_pattern('lower(kinds.customer_id)', 'rules.customer_id') }}
            and {{ matches_pattern('lower(kinds.model_id)', 'rules.model_id') }}
            and {{ matches_pattern("coalesce(lower(kinds.operation), '')", 'rules.operation') }}
    group by 1, 2, 3, 4, 5

)

select
    hours.*,
    worked.workload
from hours
inner join worked
    on {{ for_each(kind_key, 'hours.@ is not distinct from worked.@', ' and ') }}
