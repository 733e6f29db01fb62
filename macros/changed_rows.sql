{#
    A subquery: the rows that only one of two builds has, this one or the last.

    now      a relation of this build
    before   the same relation as the last build left it; none of the two has a row twice
    columns  what rows are compared by, and the columns of the subquery
#}
{% macro changed_rows(now, before, columns) -%}
    (
        select {{ columns }}
        from (
            select {{ columns }} from {{ now }}
            union all
            select {{ columns }} from {{ before }}
        ) as statements
        group by {{ columns }}
        having count(*) = 1
    )
{%- endmacro %}
