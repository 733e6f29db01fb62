-- grain: one row per model call of the touched dates whose prompt is known by its fingerprint, and priced
-- A view, which each reader scans for the few columns that it needs: the fingerprints of a month are larger than all
-- else that is kept of its calls. Of a log without prompts nothing is read. Prices are those of the day, tier and
-- context of the call.
{% set told = ['usage_date', 'source_id', 'input_id', 'record_number'] %}
{% set fingerprints = ['prompt_fingerprint', 'prefix_fingerprints', 'prompt_similarity'] %}
with prompts as (

    select {{ for_each(told + fingerprints, 'logged.@') }}
    from {{ ref('int_requests_unioned') }} as logged
    left join {{ ref('int_requests_merged') }} as merged
        on {{ for_each(told[1:], 'logged.@ = merged.@', ' and ') }}
    where logged.prompt_fingerprint is not null and merged.record_number is null
    union all
    -- of rows that are one call the first counts; where it is silent, it says what the others tell
    select {{ for_each(told + fingerprints, '@') }}
    from {{ ref('int_requests_merged') }}
    where prompt_fingerprint is not null and rank_in_call = 1

)

select
    calls.usage_date,
    calls.requested_at,
    calls.input_id,
    calls.record_number,
    calls.provider_id,
    calls.model_id,
    calls.customer_id,
    calls.feature_id,
    calls.operation,
    calls.status,
    calls.attempt_number,
    prompts.prompt_fingerprint,
    prompts.prefix_fingerprints,
    prompts.prompt_similarity,
    length(prompts.prefix_fingerprints) - length(replace(prompts.prefix_fingerprints, ' ', '')) + 1 as piece_count,
    {{ text_input_tokens('calls') }} as input_tokens,
    {{ cached_input_cost('calls') }} as actual_cost,
    calls.price_id,
    prices.input_price,
    calls.input_cost_usd
    + calls.cache_read_cost_usd
    + calls.cache_write_cost_usd
    + calls.output_cost_usd
    + calls.tool_cost_usd
    + calls.other_cost_usd as contracted_cost_usd
from {{ ref('int_requests_costed') }} as calls
inner join prompts
    on {{ for_each(told, 'calls.@ = prompts.@', ' and ') }}
inner join {{ ref('int_rate_card') }} as prices on calls.price_id = prices.price_id
where
    calls.usage_status = 'reported'
    and calls.usage_date in (select usage_date from {{ ref('int_touched_dates') }})
    and prompts.usage_date in (select usage_date from {{ ref('int_touched_dates') }})
