-- grain: one row per table and source of prices and stretch of usage days: the snapshot of the book that prices it
{{ config(materialized='table') }}
-- The newest snapshot that was known in time. A source that was not known at a close says nothing of that month.
-- A source without dates of its own (LiteLLM's map says what a price is, not since when) is dated by when it was
-- learned: a day is priced by what the map said on it.
with snapshots as (

    select
        *,
        price_source = 'litellm' as is_undated,
        row_number() over (partition by table_name, price_source order by learned_at, snapshot_id) as place
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

),

known as (

    select
        stretches.*,
        times.known_at
    from stretches
    inner join {{ ref('int_book_times') }} as times
        on stretches.from_date >= times.valid_from_date and stretches.from_date < times.valid_to_date

),

chosen as (

    select
        known.table_name,
        known.price_source,
        known.from_date,
        known.to_date,
        coalesce(
            max(
                case
                    when
                        snapshots.learned_at <= known.known_at
                        and (not snapshots.is_undated or cast(snapshots.learned_at as date) <= known.from_date)
                        then snapshots.place
                end
            ),
            -- days before an undated source was first asked: the oldest that it said
            min(case when snapshots.learned_at <= known.known_at then snapshots.place end)
        ) as place
    from known
    inner join snapshots
        on known.table_name = snapshots.table_name and known.price_source = snapshots.price_source
    group by 1, 2, 3, 4

),

-- neighbours with the same snapshot are one stretch
marked as (

    select
        *,
        case
            when place = lag(place) over (partition by table_name, price_source order by from_date) then 0
            else 1
        end as is_first
    from chosen

),

grouped as (

    select
        *,
        sum(is_first) over (
            partition by table_name, price_source
            order by from_date
            rows between unbounded preceding and current row
        ) as stretch_number
    from marked

)

select
    grouped.table_name,
    grouped.price_source,
    snapshots.snapshot_id,
    snapshots.learned_at,
    grouped.stretch_number,
    min(grouped.from_date) as valid_from_date,
    max(grouped.to_date) as valid_to_date
from grouped
inner join snapshots
    on
        grouped.table_name = snapshots.table_name
        and grouped.price_source = snapshots.price_source
        and grouped.place = snapshots.place
group by 1, 2, 3, 4, 5
