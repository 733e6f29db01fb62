{#
    An amount in a currency's smallest unit, in whole units: 1250 cents are 12.50 dollars.

    amount         column, below 10^15, of 9 decimals at most
    currency       column, ISO 4217 in capitals
    no_decimals    currencies that have no smaller unit, as whoever writes the amount counts them: not all keep to ISO
    three_decimals currencies that have a thousand of them
    Returns decimal(38, 12).
#}
{% macro major_units(amount, currency, no_decimals, three_decimals) -%}
    cast(
        cast({{ amount }} as decimal(24, 9)) * cast(
            case
                when {{ currency }} in ('{{ no_decimals | join("', '") }}') then 1
                when {{ currency }} in ('{{ three_decimals | join("', '") }}') then 0.001
                else 0.01
            end as decimal(4, 3)
        ) as decimal(38, 12)
    )
{%- endmacro %}
