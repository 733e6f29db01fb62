{# An amount below 10^12 × a share in millionths, decimal(38, 12); whoever takes the rest takes what rounding left. #}
{% macro scaled_money(amount, millionths) -%}
    cast(
        cast({{ amount }} as decimal(24, 12))
        * cast(cast({{ millionths }} as decimal(7, 0)) * cast(0.000001 as decimal(6, 6)) as decimal(7, 6))
        as decimal(38, 12)
    )
{%- endmacro %}
