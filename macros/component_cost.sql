{#
    The cost of one component of a call: quantity × unit price, rounded once, to 12 decimals. Nothing used costs nothing;
    something used at an unknown price is NULL. Operands and result are narrow, so that no engine drops digits of the
    product, or the last one of a sum of components.

    quantity    column or expression, below 10^12, not negative
    unit_price  column, decimal(18, 15)
    scale       decimals of the quantity
    Returns decimal(28, 12).
#}
{% macro component_cost(quantity, unit_price, scale=0) -%}
    case
        when {{ quantity }} = 0 then cast(0 as decimal(28, 12))
        {% if scale == 0 %}
        -- below $1,000: DuckDB multiplies in 18 digits here, 25 times as fast as in 38, and fails where they overflow
        when {{ quantity }} < 1000000 and {{ unit_price }} < 0.001
            then cast(cast({{ quantity }} as decimal(6, 0)) * {{ unit_price }} as decimal(28, 12))
        {% endif %}
        else cast(cast({{ quantity }} as decimal({{ 19 + scale }}, {{ scale }})) * {{ unit_price }} as decimal(28, 12))
    end
{%- endmacro %}
