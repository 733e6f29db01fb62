{# A ratio for people: double, NULL where the denominator is 0 or unknown. Never summed back into money. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}
