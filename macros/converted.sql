{# A cost in US dollars, as prices are stated, in the reporting currency: at the rate of int_exchange_rates as `rates`. #}
{% macro converted(amount) -%}
    {% if var('reporting_currency') == 'USD' %}{{ amount }}{% else %}{{ convert(amount, 'rates.reporting_per_unit') }}{% endif %}
{%- endmacro %}
