{# An expression for each name, `@` standing for the name: columns that differ in nothing else. #}
{% macro for_each(names, expression, separator=', ') -%}
    {% for name in names -%}
        {{ expression | replace('@', name) }}{{ separator if not loop.last }}
    {% endfor %}
{%- endmacro %}
