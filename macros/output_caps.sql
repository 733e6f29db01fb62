{# The limits of an answer that a what-if is asked of, in tokens. #}
{% macro output_caps() -%}
    {{ return([250, 500, 1000, 2000, 4000]) }}
{%- endmacro %}
