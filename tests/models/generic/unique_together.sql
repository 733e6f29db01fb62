{% test unique_together(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as row_count
    from {{ model }}
    where {{ hashed(columns) }} in (select {{ hashed(columns) }} from {{ model }} group by 1 having count(*) > 1)
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
