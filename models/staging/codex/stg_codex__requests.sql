-- grain: one row per token count of a Codex session, repeated ones included
{% set kinds = ['input', 'cached_input', 'cache_write_input', 'output', 'reasoning_output'] %}
with counted as (

    select
        *,
        {% for kind in kinds %}
            lag(session_{{ kind }}_tokens) over (partition by input_id order by record_number)
                as {{ kind }}_tokens_before,
        {% endfor %}
        lag(session_total_tokens) over (partition by input_id order by record_number) as total_tokens_before
    from {{ source('codex', 'requests') }}

),

used as (

    -- `total_token_usage` adds up over the session. A call used what `last_token_usage` says, or in a log without it
    -- what was added since the count before; a total that shrank began anew.
    select
        {% for kind in kinds %}
            case
                when call_total_tokens is not null then coalesce(call_{{ kind }}_tokens, 0)
                when session_total_tokens >= total_tokens_before
                    then greatest(coalesce(session_{{ kind }}_tokens, 0) - coalesce({{ kind }}_tokens_before, 0), 0)
                else coalesce(session_{{ kind }}_tokens, 0)
            end as {{ kind }}_tokens,
        {% endfor %}
        *
    from counted

)

select
    ---------- ids
    -- A log names no call; what the session had used after it does. A count that is told again (with new rate limits,
    -- in a fork, in an archived copy) has the same totals.
    case
        when session_id is null or session_total_tokens is null then record_hash
        else concat(
            session_id, '#',
            {% for kind in kinds -%}
                cast(coalesce(session_{{ kind }}_tokens, 0) as string){{ ", '-'," if not loop.last }}
            {% endfor %}
        )
    end as request_id,
    'codex' as source_id,
    provider as provider_id,
    model as model_id,
    model as requested_model,
    -- the folder worked in, without the path to it, which names a person; chr(92) is Windows' separator
    nullif(regexp_extract(replace(cwd, chr(92), '/'), '([^/]+)/*$', 1), '') as feature_id,
    session_id as conversation_id,

    ---------- attributes
    'chat' as operation,
    false as is_batch,
    'ok' as status,

    ---------- quantities
    true as has_usage,
    -- `input_tokens` holds cached and cache-write tokens, `output_tokens` reasoning (openai-python, response_usage.py)
    greatest(input_tokens - cached_input_tokens - cache_write_input_tokens, 0) as uncached_input_tokens,
    least(cached_input_tokens, input_tokens) as cache_read_tokens,
    least(cache_write_input_tokens, greatest(input_tokens - cached_input_tokens, 0)) as cache_write_30m_tokens,
    output_tokens,
    reasoning_output_tokens as reasoning_tokens,
    unknown_usage,

    ---------- times and lineage
    requested_at,
    usage_date,
    input_id,
    record_number
from used
