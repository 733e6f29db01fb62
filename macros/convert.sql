{#
    Money in another currency: amount × rate, rounded once, half away from zero, to 12 decimals. A rate of 1 leaves the
    amount as it is, whatever its size.

    amount  column, decimal(38, 12); below 10^11 where it is converted: 23 digits keep the product within 38
    rate    column, decimal(15, 10)
    Returns decimal(38, 12); NULL where either is.
#}
{% macro convert(amount, rate) -%}
    case
        when {{ rate }} = 1 then cast({{ amount }} as decimal(38, 12))
        else cast(cast({{ amount }} as decimal(23, 12)) * {{ rate }} as decimal(38, 12))
    end
{%- endmacro %}
