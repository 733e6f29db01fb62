{# One row per day, both ends included; column `date_day`. #}
{% macro day_sequence(first_day, last_day) -%}
    {{ return(adapter.dispatch('day_sequence')(first_day, last_day)) }}
{%- endmacro %}

{% macro default__day_sequence(first_day, last_day) -%}
    select cast(unnest(generate_series(date '{{ first_day }}', date '{{ last_day }}', interval 1 day)) as date) as date_day
{%- endmacro %}

{% macro spark__day_sequence(first_day, last_day) -%}
    select explode(sequence(date '{{ first_day }}', date '{{ last_day }}', interval 1 day)) as date_day
{%- endmacro %}
