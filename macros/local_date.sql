{# The day of an instant (UTC) in a time zone; its UTC day where the zone is NULL. #}
{% macro local_date(instant, zone) -%}
    {{ return(adapter.dispatch('local_date')(instant, zone)) }}
{%- endmacro %}

{% macro default__local_date(instant, zone) -%}
    cast(case
        when {{ zone }} is null then {{ instant }}
        else timezone({{ zone }}, timezone('UTC', {{ instant }}))
    end as date)
{%- endmacro %}

{% macro spark__local_date(instant, zone) -%}
    cast(from_utc_timestamp({{ instant }}, coalesce({{ zone }}, 'UTC')) as date)
{%- endmacro %}
