{#
    The input of the run with the least or the most of it, of a list of runs as its JSON text: what decides the context
    tier of each. Of `[{"input_tokens": 5, "cache_read_input_tokens": 7}, {"input_tokens": 1}]`,
    listed_context('iterations', 'max') is 12. NULL where there is no list.
#}
{% macro listed_context(list, least_or_most) -%}
    {% set counts = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'] %}
    {{ return(adapter.dispatch('listed_context')(list, least_or_most, counts)) }}
{%- endmacro %}

{% macro default__listed_context(list, least_or_most, counts) -%}
    list_{{ least_or_most }}(list_transform(
        from_json({{ list }}, '[{ {{- for_each(counts, '"@": "BIGINT"') -}} }]'),
        lambda run: {{ for_each(counts, 'coalesce(run.@, 0)', ' + ') }}
    ))
{%- endmacro %}

{% macro spark__listed_context(list, least_or_most, counts) -%}
    array_{{ least_or_most }}(transform(
        from_json({{ list }}, 'array<struct<{{ for_each(counts, '@: bigint') }}>>'),
        run -> {{ for_each(counts, 'coalesce(run.@, 0)', ' + ') }}
    ))
{%- endmacro %}
