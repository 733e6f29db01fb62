{# In place of dbt's own, which groups every value of a column. `day`: see hashed_twice. #}
{% test unique(model, column_name, day=none) %}
    select {{ column_name }}, count(*) as row_count
    from {{ model }}
    where {{ hashed([column_name]) }} in ({{ hashed_twice(model, [column_name], day) }})
    group by 1
    having count(*) > 1
{% endtest %}
