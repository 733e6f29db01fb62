{# A JSON list of keys and values as the object that it means: `[{"key": "a", "value": "b"}]` is `{"a":"b"}`. #}
{% macro listed_object(list) -%}
    {{ return(adapter.dispatch('listed_object')(
        list, '[{] *"key" *: *("[^"]*") *, *"value" *: *("[^"]*") *[}]'
    )) }}
{%- endmacro %}

{% macro default__listed_object(list, entry) -%}
    replace(replace(regexp_replace({{ list }}, '{{ entry }}', '\1:\2', 'g'), '[', '{'), ']', '}')
{%- endmacro %}

{% macro spark__listed_object(list, entry) -%}
    replace(replace(regexp_replace({{ list }}, '{{ entry }}', '$1:$2'), '[', '{'), ']', '}')
{%- endmacro %}
