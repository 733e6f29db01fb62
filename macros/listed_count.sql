{#
    The count of one element in a list of counts that was landed as its JSON text: of
    `[{"modality": "AUDIO", "tokenCount": 7}]`, listed_count('details', 'modality', 'AUDIO', 'tokenCount') is 7.
    0 where the list does not name it, or is not there. `count` may be a pattern, where two spellings are in use.
#}
{% macro listed_count(list, key, value, count) -%}
    {% set named, counted = '"' ~ key ~ '" *: *"' ~ value ~ '"', '"' ~ count ~ '" *: *([0-9]+)' -%}
    coalesce(
        cast(nullif(regexp_extract({{ list }}, '{{ named }} *, *{{ counted }}', 1), '') as bigint),
        cast(nullif(regexp_extract({{ list }}, '{{ counted }} *, *{{ named }}', 1), '') as bigint),
        0
    )
{%- endmacro %}
