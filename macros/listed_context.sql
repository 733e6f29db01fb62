{#
    The input of the run with the least or the most of it, of a list of runs as its JSON text: what decides the context
    tier of each. Of `[{"input_tokens": 5, "cache_read_input_tokens": 7}, {"input_tokens": 1}]`,
    listed_context('iterations', 'max') is 12. NULL where there is no list.
#}
{% macro listed_context(list, least_or_most) -%}
    {{ return(adapter.dispatch('listed_context')(list, least_or_most)) }}
{%- endmacro %}

{% macro default__listed_context(list, least_or_most) -%}
    list_{{ least_or_most }}(list_transform(
        from_json(
            {{ list }},
            '[{"input_tokens": "BIGINT", "cache_read_input_tokens": "BIGINT", "cache_creation_input_tokens": "BIGINT"}]'
        ),
        lambda run:
            coalesce(run.input_tokens, 0)
            + coalesce(run.cache_read_input_tokens, 0)
            + coalesce(run.cache_creation_input_tokens, 0)
    ))
{%- endmacro %}

{% macro spark__listed_context(list, least_or_most) -%}
    array_{{ least_or_most }}(transform(
        from_json(
            {{ list }},
            'array<struct<input_tokens: bigint, cache_read_input_tokens: bigint, cache_creation_input_tokens: bigint>>'
        ),
        run ->
            coalesce(run.input_tokens, 0)
            + coalesce(run.cache_read_input_tokens, 0)
            + coalesce(run.cache_creation_input_tokens, 0)
    ))
{%- endmacro %}
