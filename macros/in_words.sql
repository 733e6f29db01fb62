{# Figures in words: a text in which each `#` stands for the next of the values, expressions. #}
{% macro in_words(text, values) -%}
    concat(
        {% for words in text.split('#') -%}
            '{{ words }}'{% if not loop.last %}, cast({{ values[loop.index0] }} as string), {% endif %}
        {%- endfor %}
    )
{%- endmacro %}
