-- INV9: what was invoiced, once, is recognised in full, and what is recognised is spread over features in full.
with totals as (

    select
        (
            select coalesce(sum(amount_usd), 0) from {{ ref('int_revenue_converted') }}
            where counted_by is null
        ) as invoiced_usd,
        (select coalesce(sum(revenue_usd), 0) from {{ ref('fct_revenue') }}) as recognised_usd,
        (select coalesce(sum(revenue_usd), 0) from {{ ref('gross_margin_daily') }}) as daily_usd,
        (
            select coalesce(sum(revenue_usd), 0) from {{ ref('gross_margin') }}
            where dimension = 'customer'
        ) as by_customer_usd,
        (
            select coalesce(sum(revenue_usd), 0) from {{ ref('gross_margin') }}
            where dimension = 'feature'
        ) as by_feature_usd

)

select *
from totals
where
    invoiced_usd <> recognised_usd
    or recognised_usd <> daily_usd
    or daily_usd <> by_customer_usd
    or daily_usd <> by_feature_usd
