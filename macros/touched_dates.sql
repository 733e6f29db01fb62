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
