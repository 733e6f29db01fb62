{#
    What an Anthropic message used, from its `usage`: the given rows and used_input_tokens, used_cache_read_tokens,
    used_cache_write_tokens and of it used_cache_write_5m_tokens and used_cache_write_1h_tokens, used_output_tokens, and
    is_of_several_models, smallest_context_size and largest_context_size.

    `iterations` lists what a message took in several runs: compactions and advisors are in it and not in the counts beside
    it, so its sum holds (anthropic, beta_usage.py). The tier of a long context is decided for each of them, which
    smallest_context_size and largest_context_size are for. An iteration may name another model (an advisor, a fallback):
    that is another price, and one row cannot have two.
#}
{% macro message_usage(messages) -%}
    select
        *,
        {% for used, count in {
            'input': 'input_tokens',
            'cache_read': 'cache_read_input_tokens',
            'cache_write': 'cache_creation_input_tokens',
            'cache_write_5m': 'ephemeral_5m_input_tokens',
            'cache_write_1h': 'ephemeral_1h_input_tokens',
            'output': 'output_tokens'
        }.items() -%}
            coalesce(case when not is_of_several_models then {{ listed_sum('iterations', count) }} end, {{ count }}, 0)
                as used_{{ used }}_tokens,
        {% endfor %}
        {{ listed_context('iterations', 'min') }} as smallest_context_size,
        {{ listed_context('iterations', 'max') }} as largest_context_size
    from (
        select
            *,
            coalesce(
                replace(iterations, concat('"model":"', coalesce(model, ''), '"'), '') like '%"model":"%', false
            ) as is_of_several_models
        from {{ messages }}
    ) as told
{%- endmacro %}
