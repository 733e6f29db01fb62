{# Whether a share of shared cost loads customers and features: this month's, and production's or nobody's in
   particular (idle, unused, of customers only). #}
{% macro is_loaded() -%}
    (allocation_status <> 'prepaid' and (workload = 'production' or workload like '(%'))
{%- endmacro %}
