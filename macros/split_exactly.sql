{#
    Split an amount of money over rows by their weights, by largest remainder: the parts sum to the amount to the last
    stored digit (10^-12), whatever the order of rows or threads.

    relation  a CTE with a row per part; every row of a group repeats the amount
    amount    column, decimal(38, 12), below 10 billion; a part is below 10^12
    weight    column, a whole number; one below 0 gets a part of the other sign. The weights of a group sum to more
              than 0, and each and the sum are below 10^15
    group     columns that make a group
    tie       columns that order equal remainders, unique within a group
    Returns a subquery: the relation's columns and `part`, decimal(38, 12).
#}
{% macro split_exactly(relation, amount, weight, group, tie) -%}
(
    select
        *,
        cast(
            cast(base_units + case when rest_rank <= left_over_units then 1 else 0 end as decimal(24, 0))
            * cast(case when {{ amount }} < 0 then -0.000000000001 else 0.000000000001 end as decimal(12, 12))
            as decimal(38, 12)
        ) as part
    from (
        select
            *,
            row_number() over (partition by {{ group }} order by rest desc, {{ tie }}) as rest_rank,
            amount_units - sum(base_units) over (partition by {{ group }}) as left_over_units
        from (
            select
                *,
                amount_units * part_weight - base_units * group_weight as rest
            from (
                select
                    *,
                    -- rounded down, below 0 as well, so that what is left over is a unit for some and never less
                    case
                        when part_weight >= 0 then {{ whole_division('amount_units * part_weight', 'group_weight') }}
                        else -{{ whole_division(
                            'amount_units * -part_weight + group_weight - 1', 'group_weight'
                        ) }}
                    end as base_units
                from (
                    select
                        *,
                        cast(abs({{ amount }}) * 1000000000000 as decimal(22, 0)) as amount_units,
                        cast({{ weight }} as decimal(15, 0)) as part_weight,
                        cast(sum({{ weight }}) over (partition by {{ group }}) as decimal(15, 0)) as group_weight
                    from {{ relation }}
                ) as measured
            ) as divided
        ) as remaindered
    ) as ranked
)
{%- endmacro %}
