{# `day`: see hashed_twice. #}
{% test unique_together(model, columns, day=none) %}
    select {{ columns | join(', ') }}, count(*) as row_count
    from {{ model }}
    where {{ hashed(columns) }} in ({{ hashed_twice(model, columns, day) }})
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
