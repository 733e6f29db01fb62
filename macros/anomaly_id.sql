{# The id of an anomaly: of its kind and what it is of, so that every build gives it the same. #}
{% macro anomaly_id(kind, parts) -%}
    substr(md5(concat_ws(' ', '{{ kind }}', {{ for_each(parts, 'cast(@ as string)') }})), 1, 12)
{%- endmacro %}
