{#
    How models get into the build on DuckDB, instead of dbt-duckdb's own ways. Those build under another name, keep the
    last relation as a backup, rename both and drop one; fill a table with a contract after creating it empty; and write
    what is appended twice, to a temporary table first. Here the file is a copy that nobody reads until it is published:
    what is replaced needs no backup. A quarter of the time of a small build.
#}
{% materialization table, adapter='duckdb' %}
    {{ run_hooks(pre_hooks) }}
    {% set relation = replace('table', sql) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{ run_hooks(pre_hooks) }}
    {% set relation = replace('view', sql) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# Appends; what is to be replaced a hook has deleted. Models of another shape are another project: built in full. #}
{% materialization incremental, adapter='duckdb' %}
    {{ run_hooks(pre_hooks) }}
    {% set relation = this.incorporate(type='table') %}
    {% for chunk in chunks_of_days(sql) %}
        {% if is_incremental() or not loop.first %}
            {% call statement('main') %}
                insert into {{ relation }} by name (
                    {{ chunk }}
                )
            {% endcall %}
        {% else %}
            {% do replace('table', chunk) %}
        {% endif %}
    {% endfor %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# Create the model as a relation of a kind, in the order of its contract where it has one, and return it. #}
{% macro replace(kind, select) %}
    {% set relation = this.incorporate(type=kind) %}
    {% set existing = load_cached_relation(this) %}
    {% if existing is not none and existing.type != kind %}
        {% do adapter.drop_relation(existing) %}{# `or replace` takes only what is of the same kind #}
    {% endif %}
    {% call statement('main') %}
        {% if config.get('contract').enforced %}
            {{ get_assert_columns_equivalent(select) }}
        {% endif %}
        create or replace {{ kind }} {{ relation }} as (
            {{ get_select_subquery(select) if config.get('contract').enforced and kind == 'table' else select }}
        )
    {% endcall %}
    {{ return(relation) }}
{% endmacro %}
