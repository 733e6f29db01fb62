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
