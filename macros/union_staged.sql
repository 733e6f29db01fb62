{#
    Every source's staging model of one canonical shape, one under the other. A staging model says what its source
    knows; what it does not know is NULL here. A column that is not canonical is a mistake and stops the build.
    A response id of less than eight characters is a counter of somebody's own, no provider's: two logs may have the
    same. It is taken for none.
    A source of which nothing has landed has no staging model in the build (app/dbt_build.py), and nothing to say here.
#}
{% macro union_staged(shape) -%}
    {% set columns = canonical_columns(shape) %}
    {% set sources = var('staged').get(shape, []) %}
    {% if execute and not var('staged') %}
        {% do exceptions.raise_compiler_error(
            "no source is staged: build with `unitcost build`, which fills the var `staged` from models/staging/"
        ) %}
    {% endif %}
    {% set there = [] %}
    {% for source_id in sources %}
        {% set staged = ref('stg_' ~ source_id ~ '__' ~ shape) %}
        {% if execute and load_relation(staged) is not none %}
            {% do there.append(staged) %}
        {% endif %}
    {% endfor %}
    {% for staged in there %}
        {% set known = adapter.get_columns_in_relation(staged) | map(attribute='name') | map('lower') | list %}
        {% set strangers = known | reject('in', columns) | list %}
        {% if strangers %}
            {% do exceptions.raise_compiler_error(staged ~ ' has columns that are not canonical: ' ~ strangers | join(', ')) %}
        {% endif %}
        select
        {% for name, type in columns.items() %}
            {% set value = 'case when length(response_id) >= 8 then response_id end' if name == 'response_id' else name %}
            cast({{ value if name in known else 'null' }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
        from {{ staged }}
        {{ 'union all' if not loop.last }}
    {% else %}
        select {% for name, type in columns.items() %}cast(null as {{ type }}) as {{ name }}{{ ', ' if not loop.last }}{% endfor %}
        where false
    {% endfor %}
{%- endmacro %}
