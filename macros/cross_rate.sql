{#
    Rate ÷ rate, rounded half up to 10 places; exact on every engine. Of two rates against one base, units of the one
    currency for a unit of the other: cross_rate('usd_per_eur', 'jpy_per_eur') is what a yen is worth in dollars.

    rate, by   columns or expressions, decimal(18, 10), above 0
    Returns decimal(15, 10).
#}
{% macro cross_rate(rate, by) -%}
    {% set of = 'cast(cast(' ~ rate ~ ' as decimal(18, 10)) * 10000000000 as decimal(19, 0))' %}
    {% set per = 'cast(cast(' ~ by ~ ' as decimal(18, 10)) * 10000000000 as decimal(19, 0))' %}
    cast(
        cast({{ whole_division(of ~ ' * 20000000000 + ' ~ per, '2 * ' ~ per) }} as decimal(15, 0))
        * cast(0.0000000001 as decimal(10, 10))
        as decimal(15, 10)
    )
{%- endmacro %}
