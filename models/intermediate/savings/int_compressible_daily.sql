-- grain: one row per row of int_drivers_daily: what could be compressed of its prompts
-- Only what no cache reads or writes: a prefix that is compressed anew is another prefix. A cache holds what comes
-- first, so that history is the first to be in it, and retrieved context the last.
{% set columns = [
    'usage_date', 'feature_id', 'provider_id', 'model_id', 'request_count', 'input_tokens', 'retrieved_context_tokens',
    'history_tokens'
] %}
with prompts as (

    select
        *,
        uncached_input_tokens + cache_read_tokens + cache_write_tokens as input_tokens,
        greatest(least(
            retrieved_context_tokens + history_tokens - cache_read_tokens - cache_write_tokens, uncached_input_tokens
        ), 0) as compressible_tokens
    from {{ ref('int_drivers_daily') }}

),

parts as (

    select
        {{ for_each(columns + ['uncached_input_tokens', 'input_cost_usd'], '@') }},
        least(retrieved_context_tokens, compressible_tokens) as compressible_retrieved_context_tokens,
        compressible_tokens - least(retrieved_context_tokens, compressible_tokens) as compressible_history_tokens
    from prompts

)

select
    {% for part in ['retrieved_context', 'history'] %}
        compressible_{{ part }}_tokens,
        {{ scaled_money(
            'input_cost_usd',
            'coalesce(floor(1000000 * ('
            ~ ratio('compressible_' ~ part ~ '_tokens', 'uncached_input_tokens')
            ~ ')), 0)'
        ) }} as {{ part }}_cost_usd,
    {% endfor %}
    {{ for_each(columns, '@') }}
from parts
