{#
    Incremental models here replace whole days: the days of int_touched_dates are deleted, then built anew and appended.
    That is exact in one transaction on DuckDB; a failed build is thrown away as a whole file.
#}
{% macro delete_touched_dates() -%}
    {% set touched_dates = ref('int_touched_dates') %}{# outside the condition: dbt reads dependencies once #}
    {% if is_incremental() %}
        delete from {{ this }} where usage_date in (select usage_date from {{ touched_dates }})
    {% endif %}
{%- endmacro %}

{# A call that was logged again on another day: the day of its first row is rebuilt too, so that one row of it stays. #}
{% macro touch_dates_of_repeated_requests() -%}
    {% set touched_dates, landed_requests = ref('int_touched_dates'), ref('int_requests_unioned') %}
    {% if is_incremental() %}
        insert into {{ touched_dates }}
        select distinct built.usage_date
        from {{ this }} as built
        inner join {{ landed_requests }} as landed
            on built.source_id = landed.source_id and built.request_id = landed.request_id
        where built.usage_date not in (select usage_date from {{ touched_dates }})
    {% endif %}
{%- endmacro %}
