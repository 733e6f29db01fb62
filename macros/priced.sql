{#
    Quantity × unit price, decimal(38, 12), each to its ninth decimal: 38 digits hold no more of both.

    quantity   below 10^10, as the provider bills it (in thousands or millions where that is its unit)
    price      below 10^10
#}
{% macro priced(quantity, price) -%}
    cast(cast({{ quantity }} as decimal(19, 9)) * cast({{ price }} as decimal(19, 9)) as decimal(38, 12))
{%- endmacro %}
