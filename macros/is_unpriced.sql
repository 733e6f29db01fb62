{# Whether a call used something whose cost is not known. What failed without use (`not_billed`) is no such call. #}
{% macro is_unpriced() -%}
    price_status in ('unknown_model', 'no_price', 'usage_missing')
{%- endmacro %}
