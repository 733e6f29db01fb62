-- grain: one row per UTC day whose requests this build makes anew
{{ config(materialized='table') }}
-- The days of the files that came or went, and every day with a row of a call that has one there too, or has the id of
-- a row that landed there: a call is made from all its rows, whenever each of them came.
{% set requests = last_build('intermediate', 'int_requests_costed') %}
{% set absorbed = last_build('intermediate', 'int_requests_absorbed') %}
{% set staged = union_staged('requests') %}{# outside the condition: dbt reads dependencies once #}
with changed as (

    select distinct usage_date
    from {{ ref('stg_landing__files') }}
    where table_name like '%__requests' and change <> 'same'

)

{% if requests and absorbed %}
    ,

    staged as (

        {{ staged }}

    ),

    landed as (

        select
            request_id,
            response_id
        from staged
        where usage_date in (select usage_date from changed)

    ),

    -- ids of both kinds in one list: a stranger with such an id costs a day's work, and no more
    ids as (

        select request_id as id
        from landed
        union
        select response_id as id
        from landed

    ),

    built as (

        select
            source_id,
            request_id,
            response_id,
            usage_date,
            source_id as kept_source_id,
            request_id as kept_request_id
        from {{ requests }}
        union all
        select
            source_id,
            request_id,
            response_id,
            usage_date,
            kept_source_id,
            kept_request_id
        from {{ absorbed }}

    ),

    met as (

        select
            kept_source_id,
            kept_request_id,
            usage_date
        from built
        where request_id in (select id from ids)
        union
        select
            kept_source_id,
            kept_request_id,
            usage_date
        from built
        where response_id in (select id from ids)
        union
        select
            kept_source_id,
            kept_request_id,
            usage_date
        from {{ absorbed }}
        where usage_date in (select usage_date from changed) or kept_usage_date in (select usage_date from changed)

    )

    select usage_date from changed
    union
    select usage_date from met
    union
    select absorbed.usage_date
    from {{ absorbed }} as absorbed
    inner join met on absorbed.kept_source_id = met.kept_source_id and absorbed.kept_request_id = met.kept_request_id
    union
    select absorbed.kept_usage_date as usage_date
    from {{ absorbed }} as absorbed
    inner join met on absorbed.kept_source_id = met.kept_source_id and absorbed.kept_request_id = met.kept_request_id
{% else %}
    select usage_date from changed
{% endif %}
