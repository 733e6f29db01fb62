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
        create or replace {{ kind }} {{ relation }} as (
            {{ select }}
        )
    {% endcall %}
    {% if config.get('contract').enforced %}
        {% do assert_contract_is_kept(relation) %}
    {% endif %}
    {{ return(relation) }}
{% endmacro %}

{#
    Raise an error unless a relation has the columns of its contract, in that order. dbt asks this of the query, and of
    one more query over the contract's types: each mart is planned twice, a tenth of what DuckDB does in a small build.
#}
{% macro assert_contract_is_kept(relation) %}
    {% set promised = [] %}
    {% for column in model['columns'].values() %}
        {% set type = column['data_type'] | upper | replace(' ', '') | replace('TEXT', 'VARCHAR') %}
        {% do promised.append({'name': column['name'], 'data_type': type}) %}
    {% endfor %}
    {% set found = [] %}
    {% for column in adapter.get_column_schema_from_query('select * from ' ~ relation) %}
        {% do found.append({'name': column.name, 'data_type': column.dtype}) %}
    {% endfor %}
    {% if found | sort(attribute='name') != promised | sort(attribute='name') %}
        {% do exceptions.raise_contract_error(promised, found) %}
    {% elif found != promised %}
        {% set names = found | map(attribute='name') | join(', ') %}
        {% do exceptions.raise_compiler_error('its columns are in another order than in its contract: ' ~ names) %}
    {% endif %}
{% endmacro %}
