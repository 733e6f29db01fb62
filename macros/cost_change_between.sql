{#
    On DuckDB a table function in the build: why cost changed between any two periods, each of two days, ends included.

        select feature_id, sum(history_effect_usd)
        from marts.cost_change_between('2026-09-01', '2026-09-30', '2026-10-01', '2026-10-31') group by 1

    It reads what lies beside it, whatever the file is called. Spark has the mart only.
#}
{% macro cost_change_between() -%}
    {{ return(adapter.dispatch('cost_change_between')()) }}
{%- endmacro %}

{% macro default__cost_change_between() -%}
{% set drivers = ref('cost_drivers').include(database=false) %}
{% set allocated = ref('allocated_costs').include(database=false) %}
create or replace macro {{ this.schema }}.cost_change_between(before_from, before_to, after_from, after_to) as table
with sides as (

    select
        0 as side,
        cast(before_from as date) as from_date,
        cast(before_to as date) as to_date
    union all
    select
        1 as side,
        cast(after_from as date) as from_date,
        cast(after_to as date) as to_date

),

sided_calls as (

    select
        sides.side,
        drivers.*
    from {{ drivers }} as drivers
    inner join sides on drivers.usage_date between sides.from_date and sides.to_date

),

sided_pools as (

    select
        sides.side,
        costs.*
    from {{ allocated }} as costs
    inner join sides on costs.usage_date between sides.from_date and sides.to_date

),

{{ cost_changes('sided_calls', 'sided_pools', []) }}
{%- endmacro %}

{% macro spark__cost_change_between() -%}
{%- endmacro %}
