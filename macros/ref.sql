{# Without the database's name: views keep it as text, and a build is opened under other names than it was built. #}
{% macro ref() -%}
    {{ return(builtins.ref(*varargs, **kwargs).include(database=false)) }}
{%- endmacro %}
