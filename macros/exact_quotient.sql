{#
    a ÷ b to fifteen decimals, the rest cut off: `decimal / x` is a DOUBLE on DuckDB. Whoever multiplies by it looks for
    what was cut off afterwards.

    a  decimal(38, 12), below 10^10
    b  decimal(38, 12), below 10^7
    Returns decimal(18, 15); NULL where b is 0 or NULL, or the quotient 1,000 or more: no two statements of one thing.
#}
{% macro exact_quotient(a, b) -%}
    case
        when {{ b }} <> 0 and abs({{ a }}) < abs({{ b }}) * 1000 then cast(
            cast(
                {{ whole_division(
                    'cast(abs(' ~ a ~ ') * 1000000000000 as decimal(22, 0)) * cast(1000000000000000 as decimal(16, 0))',
                    'cast(abs(' ~ b ~ ') * 1000000000000 as decimal(19, 0))'
                ) }} as decimal(18, 0)
            )
            * cast(
                case when ({{ a }} < 0) = ({{ b }} < 0) then 0.000000000000001 else -0.000000000000001 end
                as decimal(15, 15)
            ) as decimal(18, 15)
        )
    end
{%- endmacro %}

{#
    An amount × a quotient of the above, rounded once to 12 decimals.

    amount  decimal, below 10^7
#}
{% macro times(amount, quotient) -%}
    cast(cast({{ amount }} as decimal(19, 12)) * {{ quotient }} as decimal(38, 12))
{%- endmacro %}
