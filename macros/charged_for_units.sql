{# What so many units are charged, decimal(38, 12); NULL where the unit has no price of its own: 0 in seeds/units.csv. #}
{% macro charged_for_units(count, price) -%}
    case
        when {{ price }} > 0
            then cast(
                cast({{ count }} as decimal(12, 0)) * cast({{ price }} as decimal(24, 12)) as decimal(38, 12)
            )
    end
{%- endmacro %}
