{#
    Money below 10^12 ÷ count, decimal(38, 12), rounded half away from zero at the last digit; NULL where the count is 0.
    Exact on every engine: whole units of 10^-12 are divided, not decimals.
#}
{% macro unit_cost(cost, count) -%}
    case
        when {{ count }} > 0 then cast(
            cast(
                {{ whole_division(
                    '2 * cast(abs(' ~ cost ~ ') * 1000000000000 as decimal(24, 0)) + ' ~ count, '2 * ' ~ count
                ) }} as decimal(24, 0)
            )
            * cast(case when {{ cost }} < 0 then -0.000000000001 else 0.000000000001 end as decimal(12, 12))
            as decimal(38, 12)
        )
    end
{%- endmacro %}
