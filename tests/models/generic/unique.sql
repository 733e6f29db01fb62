{# In place of dbt's own, which groups every value of a column. #}
{% test unique(model, column_name) %}
    select {{ column_name }}, count(*) as row_count
    from {{ model }}
    where {{ hashed([column_name]) }} in (
        select {{ hashed([column_name]) }} from {{ model }} where {{ column_name }} is not null group by 1 having count(*) > 1
    )
    group by 1
    having count(*) > 1
{% endtest %}
