{#
    64 bits of some columns. Rows that agree have the same, and of millions that differ hardly two: to look for what
    occurs twice, this is grouped in a fifth of the memory of the columns, and what was found is compared itself.
#}
{% macro hashed(columns) -%}
    {{ return(adapter.dispatch('hashed')(columns | join(', '))) }}
{%- endmacro %}

{% macro default__hashed(columns) -%}
    hash({{ columns }})
{%- endmacro %}

{% macro spark__hashed(columns) -%}
    xxhash64({{ columns }})
{%- endmacro %}
