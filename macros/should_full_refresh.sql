{#
    Overrides dbt's own: on Spark every build is whole. Parquet tables there cannot lose single days, and
    raw.landing_files says of every file that it is new.
#}
{% macro should_full_refresh() -%}
    {{ return(adapter.dispatch('should_full_refresh')()) }}
{%- endmacro %}

{% macro default__should_full_refresh() -%}
    {{ return(dbt.should_full_refresh()) }}
{%- endmacro %}

{% macro spark__should_full_refresh() -%}
    {{ return(true) }}
{%- endmacro %}
