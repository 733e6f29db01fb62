-- grain: one row per row of int_reconciliation_factors as the last build left it
{{ config(materialized='table') }}
{% set types = {
    'provider_id': 'string',
    'called_account_id': 'string',
    'called_project_id': 'string',
    'called_model_id': 'string',
    'billing_date': 'date',
} %}
{% for component in usage_components() %}
    {% do types.update({component ~ '_factor': 'decimal(18, 15)', component ~ '_block_price_usd': 'decimal(18, 15)'}) %}
{% endfor %}
{{ rows_of_last_build('intermediate', 'int_reconciliation_factors', types) }}
