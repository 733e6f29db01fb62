{#
    Which rate of int_exchange_rates, joined as `rates`, an amount was converted at: exchange_rate, exchange_rate_date,
    exchange_rate_source. NULL where it was in the reporting currency already, or where there is no rate.
#}
{% macro exchange_columns() -%}
    {% set is_converted = "rates.currency <> '" ~ var('reporting_currency') ~ "'" %}
    case when {{ is_converted }} then rates.reporting_per_unit end as exchange_rate,
    case when {{ is_converted }} then rates.rate_date end as exchange_rate_date,
    case when {{ is_converted }} then rates.rate_source end as exchange_rate_source
{%- endmacro %}
