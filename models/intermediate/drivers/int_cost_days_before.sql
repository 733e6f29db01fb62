-- grain: one row per row of int_cost_days as the last build left it
{{ config(materialized='table') }}
{{ rows_of_last_build('intermediate', 'int_cost_days', {
    'usage_date': 'date',
    'has_calls': 'int',
    'shared_hash': 'decimal(38, 0)',
}) }}
