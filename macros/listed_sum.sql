{#
    The sum of one count over a list that was landed as its JSON text: of `[{"input_tokens": 5}, {"input_tokens": 7}]`,
    listed_sum('iterations', 'input_tokens') is 12. NULL where no element has it, or there is no list.

    type    of the sum; of anything but a count the numbers may have a sign, decimals, an exponent, and quotes around them
#}
{% macro listed_sum(list, count, type='bigint') -%}
    {% set number = '([0-9]+)' if type == 'bigint' else '"?(-?[0-9.]+(?:[eE][-+]?[0-9]+)?)' %}
    {{ return(adapter.dispatch('listed_sum')(list, '"' ~ count ~ '" *: *' ~ number, type)) }}
{%- endmacro %}

{% macro default__listed_sum(list, counted, type) -%}
    cast(list_sum(cast(regexp_extract_all({{ list }}, '{{ counted }}', 1) as {{ type }} [])) as {{ type }})
{%- endmacro %}

{% macro spark__listed_sum(list, counted, type) -%}
    aggregate(
        regexp_extract_all({{ list }}, '{{ counted }}', 1),
        cast(null as {{ type }}),
        (total, found) -> cast(coalesce(total, 0) + cast(found as {{ type }}) as {{ type }})
    )
{%- endmacro %}
