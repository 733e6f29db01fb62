-- grain: one row per row of dim_customer_plans as the last build left it
{{ config(materialized='table') }}
{{ rows_of_last_build('marts', 'dim_customer_plans', {
    'customer_id': 'string',
    'plan_id': 'string',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
}) }}
