-- grain: one row per UTC day whose log lines this build reads
{{ config(materialized='table') }}
-- The touched days, and those where other rows of their calls stand: read beside them, not made anew.
{% set absorbed = last_build('intermediate', 'int_requests_absorbed') %}
select usage_date from {{ ref('int_touched_dates') }}
{% if absorbed %}
    union
    select other_rows.usage_date
    from {{ absorbed }} as touched_rows
    inner join {{ absorbed }} as other_rows
        on
            touched_rows.kept_source_id = other_rows.kept_source_id
            and touched_rows.kept_request_id = other_rows.kept_request_id
    where
        touched_rows.usage_date in (select usage_date from {{ ref('int_touched_dates') }})
        or touched_rows.kept_usage_date in (select usage_date from {{ ref('int_touched_dates') }})
    union
    select kept_usage_date as usage_date
    from {{ absorbed }}
    where usage_date in (select usage_date from {{ ref('int_touched_dates') }})
{% endif %}
