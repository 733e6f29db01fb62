{# Whole milliseconds from one timestamp to a later one. #}
{% macro milliseconds_between(start, end) -%}
    {{ return(adapter.dispatch('milliseconds_between')(start, end)) }}
{%- endmacro %}

{% macro default__milliseconds_between(start, end) -%}
    date_diff('millisecond', {{ start }}, {{ end }})
{%- endmacro %}

{% macro spark__milliseconds_between(start, end) -%}
    (unix_millis({{ end }}) - unix_millis({{ start }}))
{%- endmacro %}
