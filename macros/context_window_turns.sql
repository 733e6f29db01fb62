{# How many turns of history a conversation keeps: the low, the expected and the high case of what that spares. #}
{% macro context_window_turns() -%}
    {{ return(var('context_window_turns')) }}
{%- endmacro %}
