{# The least value of a group that so many of a hundred do not exceed; NULLs are not counted. #}
{% macro percentile_disc(value, hundredths) -%}
    {{ return(adapter.dispatch('percentile_disc')(value, hundredths)) }}
{%- endmacro %}

{% macro default__percentile_disc(value, hundredths) -%}
    quantile_disc({{ value }}, {{ hundredths / 100 }})
{%- endmacro %}

{% macro spark__percentile_disc(value, hundredths) -%}
    percentile_disc({{ hundredths / 100 }}) within group (order by {{ value }})
{%- endmacro %}
