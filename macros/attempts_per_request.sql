{#
    Attempts that a request takes where each fails with a chance and so many retries follow: the sum of a geometric series,
    (1 - p^(r+1)) / (1 - p). Layers that retry each other multiply. Double.

    failure_share  p; where it is 1 every attempt is made
    retry_limit    r
#}
{% macro attempts_per_request(failure_share, retry_limit) -%}
    case
        when {{ failure_share }} >= 1 then cast(1 + {{ retry_limit }} as double)
        else (1 - power(cast({{ failure_share }} as double), 1 + {{ retry_limit }})) / (1 - {{ failure_share }})
    end
{%- endmacro %}
