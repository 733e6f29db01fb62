{# The whole part of a ÷ b for whole, non-negative numbers of up to 38 digits: `decimal / x` is a DOUBLE on DuckDB. #}
{% macro whole_division(a, b) -%}
    {{ return(adapter.dispatch('whole_division')(a, b)) }}
{%- endmacro %}

{% macro default__whole_division(a, b) -%}
    cast(cast({{ a }} as hugeint) // cast({{ b }} as hugeint) as decimal(38, 0))
{%- endmacro %}

{% macro spark__whole_division(a, b) -%}
    cast((({{ a }}) - ({{ a }}) % ({{ b }})) / ({{ b }}) as decimal(38, 0))
{%- endmacro %}
