{#
    A table as the last build left it (the file that is built is a copy of it), or none where everything is built anew.
    Not ref(): the model that makes it comes after the one that asks.
#}
{% macro last_build(schema, name) -%}
    {% if execute and not should_full_refresh() %}
        {{ return(adapter.get_relation(database=target.database, schema=schema, identifier=name)) }}
    {% endif %}
    {{ return(none) }}
{%- endmacro %}

{# These columns of it, by name and type: a query; no row where everything is built anew. #}
{% macro rows_of_last_build(schema, name, types) -%}
    {% set before = last_build(schema, name) %}
    select
        {% for column, type in types.items() %}
            {{ column if before else 'cast(null as ' ~ type ~ ') as ' ~ column }}{{ ',' if not loop.last }}
        {% endfor %}
    {{ 'from ' ~ before if before else 'where false' }}
{%- endmacro %}
