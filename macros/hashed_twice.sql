{#
    The hashes (`hashed`) that several rows of a model have; a single column may be NULL in any number of rows.
    `day` is the column with the day of a row, where the model keeps those of earlier builds: these were looked at then,
    so that only rows of this build's days (int_touched_dates) can have brought a second one.
#}
{% macro hashed_twice(model, columns, day=none) -%}
    {% set id, touched_dates = hashed(columns), ref('int_touched_dates') %}
    {% set touched = day ~ ' in (select usage_date from ' ~ touched_dates ~ ')' %}
    {% set is_known = columns[0] ~ ' is not null' if columns | length == 1 else 'true' %}
    select {{ id }} as id
    from {{ model }}
    where
        {{ is_known }}
        {% if day and not should_full_refresh() %}
            and {{ touched if day in columns else id ~ ' in (select ' ~ id ~ ' from ' ~ model ~ ' where ' ~ touched ~ ')' }}
        {% endif %}
    group by 1
    having count(*) > 1
{%- endmacro %}
