{# Whether a share of shared cost is one of production, or of nobody in particular (idle, unused, of customers only). #}
{% macro is_of_production() -%}
    (workload = 'production' or workload like '(%')
{%- endmacro %}
