{#
    The cost of one component of a call: quantity × unit price, rounded once, to 12 decimals. Nothing used costs nothing;
    something used at an unknown price is NULL. Operands are narrow, so that no engine drops digits of the product.
#}
{% macro component_cost(quantity, unit_price) -%}
    case
        when {{ quantity }} = 0 then cast(0 as decimal(38, 12))
        else cast(cast({{ quantity }} as decimal(12, 0)) * {{ unit_price }} as decimal(38, 12))
    end
{%- endmacro %}
