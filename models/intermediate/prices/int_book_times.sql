-- grain: one row per stretch of usage days: how far into the book its calls look
-- Open days are rated from everything the book has learned. A closed month (seeds/closed_periods.csv) is rated from the
-- book as it was at the close, until an explicit rerate names another time.
{{ config(materialized='table') }}
with closed as (

    select
        cast(date_trunc('month', month) as date) as from_date,
        cast(date_trunc('month', month) + interval 1 month as date) as to_date,
        closed_at
    from {{ ref('closed_periods') }}

),

rerated as (

    select
        from_date,
        to_date,
        known_at,
        ran_at
    from {{ ref('stg_prices__rerates') }}

),

edges as (

    select date '2015-01-01' as from_date
    union
    select from_date from closed
    union
    select to_date from closed
    union
    select from_date from rerated
    union
    select to_date from rerated

),

stretches as (

    select
        from_date,
        lead(from_date, 1, date '2100-01-01') over (order by from_date) as to_date
    from edges
    where from_date < date '2100-01-01'

),

known as (

    select
        stretches.from_date,
        stretches.to_date,
        max(closed.closed_at) as closed_at,
        -- of several rerates the last one holds
        max_by(rerated.known_at, rerated.ran_at) as rerated_as_of,
        max(rerated.ran_at) as rerated_at
    from stretches
    left join closed
        on stretches.from_date >= closed.from_date and stretches.from_date < closed.to_date
    left join rerated
        on stretches.from_date >= rerated.from_date and stretches.from_date < rerated.to_date
    group by 1, 2

)

select
    from_date as valid_from_date,
    to_date as valid_to_date,
    closed_at is not null as is_closed,
    case
        when closed_at is null then timestamp '2100-01-01 00:00:00'
        when rerated_at > closed_at then rerated_as_of
        else closed_at
    end as known_at
from known
