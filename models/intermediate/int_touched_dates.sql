{{ config(materialized='table') }}
-- grain: one row per UTC day whose requests this build makes anew
select distinct usage_date
from {{ ref('stg_landing__files') }}
where table_name like '%__requests' and change <> 'same'
