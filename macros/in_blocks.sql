{# A quantity in what a price is for: a million tokens, one of all else. decimal(38, 12). #}
{% macro in_blocks(quantity, component) -%}
    cast({{ quantity }} * case when {{ component }} = 'tool' then cast(1 as decimal(7, 6)) else cast(0.000001 as decimal(7, 6)) end as decimal(38, 12))
{%- endmacro %}
