{# The median (the lower of two) over rows before this one, of a partition in an order; NULLs are not counted. #}
{% macro trailing_median(value, partition, order, rows) -%}
    {{ return(adapter.dispatch('trailing_median')(value, partition, order, rows)) }}
{%- endmacro %}

{% macro default__trailing_median(value, partition, order, rows) -%}
    quantile_disc({{ value }}, 0.5) over (
        partition by {{ partition }} order by {{ order }} rows between {{ rows }} preceding and 1 preceding
    )
{%- endmacro %}

{# Spark has no median of a moving window, but lists of one. #}
{% macro spark__trailing_median(value, partition, order, rows) -%}
    {% set list = "collect_list(" ~ value ~ ") over (partition by " ~ partition ~ " order by " ~ order
        ~ " rows between " ~ rows ~ " preceding and 1 preceding)" -%}
    get(array_sort({{ list }}), cast(ceil(size({{ list }}) * 0.5) as int) - 1)
{%- endmacro %}
