{# What a million of something costs, decimal(38, 12), to a millionth of a dollar; NULL where there is none of it. #}
{% macro per_million(cost, count) -%}
    cast({{ unit_cost('(' ~ cost ~ ')', '(' ~ count ~ ')') }} * 1000000 as decimal(38, 12))
{%- endmacro %}
