{# What a billing line says in words, in one text and lower case: what patterns named `line` look at. #}
{% macro charge_line(prefix) -%}
    lower(concat_ws(
        ' | ', {{ prefix }}service_name, {{ prefix }}sku_meter, {{ prefix }}charge_description, {{ prefix }}resource_id
    ))
{%- endmacro %}
