{#
    The least value of a group that so many of a hundred do not exceed; NULLs are not counted. Where a group may have
    millions of values: `percentiles` below.
#}
{% macro percentile_disc(value, hundredths) -%}
    {{ return(adapter.dispatch('percentile_disc')(value, hundredths)) }}
{%- endmacro %}

{% macro default__percentile_disc(value, hundredths) -%}
    quantile_disc({{ value }}, {{ hundredths / 100 }})
{%- endmacro %}

{% macro spark__percentile_disc(value, hundredths) -%}
    percentile_disc({{ hundredths / 100 }}) within group (order by {{ value }})
{%- endmacro %}

{#
    CTEs, the last of them `percentiles`: the same of values in their millions, which `quantile_disc` holds in memory, all of
    them. Here they are counted by size, an eighth of a decimal digit or finer, then those of the sizes that hold a percentile
    are put in order: exact, and what does not fit goes to disk. A row per group with a value: value_count, p50, p95, …

    samples     a relation
    keys        columns of it that make a group; they may be NULL
    value       a number of it; NULLs are not counted
    hundredths  whole numbers
#}
{% macro percentiles(samples, keys, value, hundredths) -%}
    {% set by_key = for_each(keys, '@') %}
    {% set places = range(1, keys | length + 2) | join(', ') %}
    {% set same_size = for_each(keys + ['size_number'], 'sought.@ is not distinct from sized.@', ' and ') %}
    sized as (

        select
            {{ by_key }},
            {{ value }} as value,
            -- roots keep the order of what they are of, to the last bit, as logarithms need not
            cast(floor(
                case when {{ value }} < 0 then -4096 else 4096 end * sqrt(sqrt(sqrt(cast(abs({{ value }}) as double))))
            ) as bigint) as size_number
        from {{ samples }}
        where {{ value }} is not null

    ),

    sizes as (

        select
            {{ by_key }},
            size_number,
            count(*) as size_count
        from sized
        group by {{ places }}

    ),

    ranked_sizes as (

        select
            *,
            cast(sum(size_count) over (partition by {{ by_key }}) as bigint) as value_count,
            cast(sum(size_count) over (partition by {{ by_key }} order by size_number) as bigint) - size_count
                as smaller_count
        from sizes

    ),

    sought as (

        {% for hundredth in hundredths %}
            {% set rank = whole_division(hundredth ~ ' * value_count + 99', 100) %}
            select
                *,
                {{ hundredth }} as hundredth,
                {{ rank }} - smaller_count as rank_in_size
            from ranked_sizes
            where {{ rank }} > smaller_count and {{ rank }} <= smaller_count + size_count
            {{ 'union all' if not loop.last }}
        {% endfor %}

    ),

    ordered as (

        select
            {{ for_each(keys, 'sized.@') }},
            sized.size_number,
            sized.value,
            row_number() over (
                partition by {{ for_each(keys, 'sized.@') }}, sized.size_number order by sized.value
            ) as rank_in_size
        from sized
        inner join (
            select distinct
                {{ by_key }},
                size_number
            from sought
        ) as sought
            on {{ same_size }}

    ),

    percentiles as (

        select
            {{ for_each(keys, 'sought.@') }},
            max(sought.value_count) as value_count,
            {% for hundredth in hundredths %}
                max(case when sought.hundredth = {{ hundredth }} then sized.value end) as p{{ hundredth }}{{ ',' if not loop.last }}
            {% endfor %}
        from sought
        inner join ordered as sized
            on {{ same_size }} and sought.rank_in_size = sized.rank_in_size
        group by {{ range(1, keys | length + 1) | join(', ') }}

    )
{%- endmacro %}
