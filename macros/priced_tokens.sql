{# Kinds of tokens that have a price (`<kind>_price`) and a cost (`<kind>_cost_usd`) of their own → how many there are. #}
{% macro priced_tokens() -%}
    {{ return({
        'input': 'uncached_input_tokens', 'cache_read': 'cache_read_tokens', 'cache_write': 'cache_write_tokens',
        'output': 'output_tokens',
    }) }}
{%- endmacro %}
