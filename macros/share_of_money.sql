{#
    An amount × a part ÷ the whole of it, rounded down to the last stored digit (10^-12), decimal(38, 12).

    amount  decimal(38, 12), not below 0, below 10 billion
    part    a whole number, not below 0; not above whole
    whole   a whole number above 0, below 10^9
#}
{% macro share_of_money(amount, part, whole) -%}
    cast(
        cast({{ whole_division(
            'cast(' ~ amount ~ ' * 1000000000000 as decimal(22, 0)) * cast(' ~ part ~ ' as decimal(9, 0))', whole
        ) }} as decimal(22, 0)) * cast(0.000000000001 as decimal(12, 12))
        as decimal(38, 12)
    )
{%- endmacro %}
