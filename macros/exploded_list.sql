{# One row per part of a text whose parts blanks separate. In a select beside other columns; NULL has no part. #}
{% macro exploded_list(column) -%}
    {{ return(adapter.dispatch('exploded_list')(column)) }}
{%- endmacro %}

{% macro default__exploded_list(column) -%}
    unnest(string_split({{ column }}, ' '))
{%- endmacro %}

{% macro spark__exploded_list(column) -%}
    explode(split({{ column }}, ' '))
{%- endmacro %}
