{# A cost in US dollars, as prices are stated, in the reporting currency: at the rate of int_exchange_rates as `rates`. #}
{% macro converted(amount) -%}
    {% if var('reporting_currency') == 'USD' %}{{ amount }}{% else %}{{ convert(amount, 'rates.reporting_per_unit') }}{% endif %}
{%- endmacro %}

{# The join that `converted` needs: what a dollar was worth on the day of a relation. #}
{% macro dollar_rates(relation) -%}
    {% set rates = ref('int_exchange_rates') %}{# outside the condition: dbt reads dependencies once #}
    {% if var('reporting_currency') != 'USD' %}
        left join {{ rates }} as rates
            on
                rates.currency = 'USD'
                and {{ relation }}.usage_date >= rates.valid_from_date
                and {{ relation }}.usage_date < rates.valid_to_date
    {% endif %}
{%- endmacro %}
