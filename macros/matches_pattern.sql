{# Whether a text is a pattern's, in which `*` stands for anything; a pattern that is NULL takes everything. #}
{% macro matches_pattern(value, pattern) -%}
    (
        {{ pattern }} is null
        or {{ value }} like replace(
            replace(replace(replace({{ pattern }}, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%'
        ) escape '!'
    )
{%- endmacro %}
