-- grain: one row per UTC day whose requests this build makes anew
{{ config(materialized='table') }}
select distinct usage_date
from {{ ref('stg_landing__files') }}
where table_name like '%__requests' and change <> 'same'
