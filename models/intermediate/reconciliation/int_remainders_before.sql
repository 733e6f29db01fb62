-- grain: one row per row of int_invoice_remainders as the last build left it
{{ config(materialized='table') }}
{{ rows_of_last_build('intermediate', 'int_invoice_remainders', {
    'source_id': 'string',
    'request_id': 'string',
    'usage_date': 'date',
    'remainder_usd': 'decimal(38, 12)',
}) }}
