{#
    Incremental models here replace whole days: the days of int_touched_dates are deleted, then built anew and appended.
    That is exact in one transaction on DuckDB; a failed build is thrown away as a whole file. What knows of costs by the
    bill replaces those of int_restated_dates, which a restated bill touches, too.
#}
{% macro delete_touched_dates(dates='int_touched_dates') -%}
    {% set touched_dates = ref(dates) %}{# outside the condition: dbt reads dependencies once #}
    {% if is_incremental() %}
        delete from {{ this }} where usage_date in (select usage_date from {{ touched_dates }})
    {% endif %}
{%- endmacro %}

{# The touched days, and those that have one of them among the `days` before them: a subquery. #}
{% macro trailed_dates(days) -%}
    (
        select distinct dates.usage_date
        from {{ ref('dim_dates') }} as dates
        inner join {{ ref('int_touched_dates') }} as touched
            on dates.usage_date between touched.usage_date and touched.usage_date + interval {{ days }} day
    )
{%- endmacro %}

{# What looks so many days back replaces those. #}
{% macro delete_trailed_dates(days) -%}
    {% set trailed = trailed_dates(days) %}
    {% if is_incremental() %}
        delete from {{ this }} where usage_date in {{ trailed }}
    {% endif %}
{%- endmacro %}

{# The same for whole months. #}
{% macro delete_touched_months() -%}
    {% set touched_dates = ref('int_restated_dates') %}
    {% if is_incremental() %}
        delete from {{ this }} where month in (select date_trunc('month', usage_date) from {{ touched_dates }})
    {% endif %}
{%- endmacro %}

{# The days of these months: a subquery. #}
{% macro days_of_touched_months() -%}
    (
        select usage_date
        from {{ ref('dim_dates') }}
        where month in (select date_trunc('month', usage_date) from {{ ref('int_restated_dates') }})
    )
{%- endmacro %}

{# And for whole conversations, which may last for days. #}
{% macro delete_touched_conversations() -%}
    {% set touched_conversations = ref('int_touched_conversations') %}
    {% if is_incremental() %}
        delete from {{ this }}
        where (customer_id, conversation_id) in (select customer_id, conversation_id from {{ touched_conversations }})
    {% endif %}
{%- endmacro %}

{# The first day of the months of conversations that this build makes anew, to the newest; NULL where it makes none. #}
{% macro earliest_month() -%}
    (
        select date_trunc('month', min(from_date)) as month
        from {{ ref('int_touched_conversations') }}
        where conversation_id <> '(unattributed)'
    )
{%- endmacro %}

{# And for whole months of conversations, by the day on which they began. #}
{% macro delete_started_months() -%}
    {% set earliest = earliest_month() %}
    {% if is_incremental() %}
        delete from {{ this }} where month >= {{ earliest }}
    {% endif %}
{%- endmacro %}

{# And for the months of units. #}
{% macro delete_unit_months(month='month') -%}
    {% set months = ref('int_unit_months') %}
    {% if is_incremental() %}
        delete from {{ this }} where {{ month }} in (select month from {{ months }})
    {% endif %}
{%- endmacro %}

{# And for the periods of which this build tells anew what changed. #}
{% macro delete_recompared_periods() -%}
    {% set recompared = ref('int_recompared_periods') %}
    {% if is_incremental() %}
        delete from {{ this }}
        where (grain, period_start_date) in (select grain, period_start_date from {{ recompared }})
    {% endif %}
{%- endmacro %}
