-- grain: one row per table and source of prices and stretch of usage days: how far into what it said they look
{{ config(materialized='table') }}
with snapshots as (

    select
        *,
        price_source = 'litellm' as is_undated
    from {{ ref('stg_prices__snapshots') }}

),

edges as (

    select
        sources.table_name,
        sources.price_source,
        times.valid_from_date as from_date
    from {{ ref('int_book_times') }} as times
    cross join (select distinct
        table_name,
        price_source
    from snapshots) as sources
    union
    select
        table_name,
        price_source,
        cast(learned_at as date) as from_date
    from snapshots
    where is_undated

),

stretches as (

    select
        table_name,
        price_source,
        from_date,
        lead(from_date, 1, date '2100-01-01') over (partition by table_name, price_source order by from_date) as to_date
    from edges

)

select
    stretches.*,
    times.known_at
from stretches
inner join {{ ref('int_book_times') }} as times
    on stretches.from_date >= times.valid_from_date and stretches.from_date < times.valid_to_date
