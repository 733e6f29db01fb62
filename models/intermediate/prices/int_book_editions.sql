-- grain: one row per table and source of prices and stretch of usage days: the snapshot of the book that prices it
{{ config(materialized='table') }}
-- The newest snapshot that was known in time. A source that was not known at a close says nothing of that month, but
-- those with which the book began: a month that was closed before is rated from what each of them said first.
-- A source without dates of its own (LiteLLM's map says what a price is, not since when) is dated by when it was
-- learned: a day is priced by what the map said on it.
with book as (

    select min(learned_at) as began_at
    from {{ ref('stg_prices__snapshots') }}

),

snapshots as (

    select
        *,
        price_source = 'litellm' as is_undated,
        row_number() over (partition by table_name, price_source order by learned_at, snapshot_id) as place
    from {{ ref('stg_prices__snapshots') }}

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
            min(case when snapshots.learned_at <= known.known_at then snapshots.place end),
            min(case when snapshots.learned_at < book.began_at + interval 1 day then snapshots.place end)
        ) as place
    from {{ ref('int_book_stretches') }} as known
    cross join book
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
