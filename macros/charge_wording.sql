{# What a billing line tells of what it is for, in one text: what seeds/charge_rules.csv looks at. #}
{% macro charge_wording(charges) -%}
    concat_ws(
        '\n'
        {%- for name in [
            'charge_category', 'charge_class', 'provider_id', 'service_category', 'service_name', 'usage_kind',
            'sku_meter', 'charge_description', 'model_id',
        ] %}, coalesce({{ charges }}.{{ name }}, ''){% endfor %}
    )
{%- endmacro %}
