{# How many days a date is after the first of the year 2000: of neighbours, numbers one after the other. #}
{% macro day_number(day) -%}
    {{ return(adapter.dispatch('day_number')(day)) }}
{%- endmacro %}

{% macro default__day_number(day) -%}
    date_diff('day', date '2000-01-01', {{ day }})
{%- endmacro %}

{% macro spark__day_number(day) -%}
    datediff({{ day }}, date '2000-01-01')
{%- endmacro %}
