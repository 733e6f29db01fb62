{# What tells the cells of a reconciliation apart, but for the invoice and its currency. #}
{% macro cell_key() -%}
    {{ return([
        'provider_id', 'billing_month', 'billing_account_id', 'project_id', 'model_id', 'component', 'cell_date',
    ]) }}
{%- endmacro %}
