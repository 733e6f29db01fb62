{#
    What is left of a JSON object of counts that was landed as its text, without the keys that match a pattern: of
    `{"input": 7, "smell": 2}`, unknown_counts('details', 'input.*') is `smell=2`. NULL where nothing is left.
#}
{% macro unknown_counts(object, keys) -%}
    {% set count = ' *: *\"?[0-9.]+' -%}
    {{ return(adapter.dispatch('unknown_counts')(object, '"(?:' ~ keys ~ ')"' ~ count, '"[^"]+"' ~ count)) }}
{%- endmacro %}

{% macro default__unknown_counts(object, known, count) -%}
    nullif(regexp_replace(replace(array_to_string(list_sort(regexp_extract_all(
        regexp_replace({{ object }}, '{{ known }}', '', 'g'), '{{ count }}', 0
    )), ' '), '"', ''), ' *: *', '=', 'g'), '')
{%- endmacro %}

{% macro spark__unknown_counts(object, known, count) -%}
    nullif(regexp_replace(replace(array_join(sort_array(regexp_extract_all(
        regexp_replace({{ object }}, '{{ known }}', ''), '{{ count }}', 0
    )), ' '), '"', ''), ' *: *', '='), '')
{%- endmacro %}
