{#
    Money that was worked out in doubles, to ten places: what doubles differ by, summed in another order, is after them.
    To twelve first: an amount in the middle of two tenth places (a half of a sum is often there) would go either way.
#}
{% macro settled(amount) -%}
    cast(round(cast({{ amount }} as decimal(38, 12)), 10) as decimal(38, 12))
{%- endmacro %}
