{#
    64 bits of some columns. Rows that agree have the same, and of millions that differ hardly two. To look for what
    occurs twice, these are grouped, which takes less memory than the columns; what was found is compared itself. What is
    only estimated or counted by them (windows over conversations, near duplicates) is not compared again.
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
