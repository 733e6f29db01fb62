{# Whether a regular expression (of what RE2 and Java share) is found in a text. #}
{% macro matches_regex(text, pattern) -%}
    {{ return(adapter.dispatch('matches_regex')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches_regex(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro spark__matches_regex(text, pattern) -%}
    {{ text }} rlike {{ pattern }}
{%- endmacro %}
