{# Where the excess of an anomaly may lie; the scan looks at each of them, and at two of them together. #}
{% macro anomaly_places() -%}
    {{ return(['customer_id', 'model_id', 'region_id', 'api_key_id', 'prompt_version']) }}
{%- endmacro %}
