-- grain: one row per UTC day, input file and source whose rows became requests
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_touched_dates() }}') }}
select
    usage_date,
    input_id,
    source_id,
    count(*) as request_count
from {{ ref('fct_requests') }}
{% if is_incremental() %}
    where usage_date in (select usage_date from {{ ref('int_touched_dates') }})
{% endif %}
group by 1, 2, 3
