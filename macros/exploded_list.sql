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

{# One row per expression. In a select beside other columns. #}
{% macro exploded(expressions) -%}
    {{ return(adapter.dispatch('exploded')(expressions | join(', '))) }}
{%- endmacro %}

{% macro default__exploded(expressions) -%}
    unnest([{{ expressions }}])
{%- endmacro %}

{% macro spark__exploded(expressions) -%}
    explode(array({{ expressions }}))
{%- endmacro %}
