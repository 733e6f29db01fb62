{#
    The whole part of a ÷ b, decimal(38, 0), for whole numbers that are not negative: `decimal / x` is a DOUBLE on DuckDB.

    a   below 10^37
    b   below 10^19; the quotient is below 10^29
#}
{% macro whole_division(a, b) -%}
    {{ return(adapter.dispatch('whole_division')(a, b)) }}
{%- endmacro %}

{% macro default__whole_division(a, b) -%}
    cast(cast({{ a }} as hugeint) // cast({{ b }} as hugeint) as decimal(38, 0))
{%- endmacro %}

{# `div` is a bigint on Spark. What `/` divides here is a multiple of b, so the digits that it may lose are zeros. #}
{% macro spark__whole_division(a, b) -%}
    {% set a, b = 'cast(' ~ a ~ ' as decimal(38, 0))', 'cast(' ~ b ~ ' as decimal(19, 0))' %}
    cast(({{ a }} - {{ a }} % {{ b }}) / {{ b }} as decimal(38, 0))
{%- endmacro %}
