{# The prompt that a call was made with and its version, as name@version; NULL where the log names no version. #}
{% macro prompt_version() -%}
    coalesce(prompt_name || '@', '') || prompt_version as prompt_version
{%- endmacro %}
