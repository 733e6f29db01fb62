{#
    The sum of one count over a list that was landed as its JSON text: of `[{"input_tokens": 5}, {"input_tokens": 7}]`,
    listed_sum('iterations', 'input_tokens') is 12. NULL where no element has it, or there is no list.
#}
{% macro listed_sum(list, count) -%}
    {{ return(adapter.dispatch('listed_sum')(list, '"' ~ count ~ '" *: *([0-9]+)')) }}
{%- endmacro %}

{% macro default__listed_sum(list, counted) -%}
    cast(list_sum(cast(regexp_extract_all({{ list }}, '{{ counted }}', 1) as bigint [])) as bigint)
{%- endmacro %}

{% macro spark__listed_sum(list, counted) -%}
    aggregate(
        regexp_extract_all({{ list }}, '{{ counted }}', 1),
        cast(null as bigint),
        (total, found) -> coalesce(total, 0) + cast(found as bigint)
    )
{%- endmacro %}
