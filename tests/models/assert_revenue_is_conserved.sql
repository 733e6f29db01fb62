-- INV9: what was invoiced, once, is recognised in full, and what is recognised is in every dimension of the margin in
-- full.
with dimensions as (

    select
        dimension,
        coalesce(sum(revenue_usd), 0) as revenue_usd
    from {{ ref('gross_margin') }}
    group by 1

),

totals as (

    select
        (
            select coalesce(sum(amount_usd), 0) from {{ ref('int_revenue_converted') }}
            where counted_by is null
        ) as invoiced_usd,
        (select coalesce(sum(revenue_usd), 0) from {{ ref('fct_revenue') }}) as recognised_usd,
        (select coalesce(sum(revenue_usd), 0) from {{ ref('gross_margin_daily') }}) as daily_usd,
        (select min(revenue_usd) from dimensions) as least_by_dimension_usd,
        (select max(revenue_usd) from dimensions) as most_by_dimension_usd

)

select *
from totals
where
    invoiced_usd <> recognised_usd
    or recognised_usd <> daily_usd
    or daily_usd <> least_by_dimension_usd
    or daily_usd <> most_by_dimension_usd
