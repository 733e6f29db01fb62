{# What the cost of a unit is made of, each a column `<part>_cost_usd`: they sum to `cost_usd`. #}
{% macro unit_parts() -%}
    {{ return([
        'retry', 'embedding', 'retrieval', 'rerank', 'uncached_input', 'cached_input', 'output', 'tool', 'other',
        'invoice'
    ]) }}
{%- endmacro %}
