-- grain: one row per month, source of revenue, and source that counts it
-- What two systems have of one invoice counts once: the other's is here, beside what counts, and in no other figure.
select
    cast(date_trunc('month', service_start_date) as date) as month,
    source_id,
    coalesce(counted_by, source_id) as counted_by,
    counted_by is null as is_counted,
    cast(count(*) as bigint) as line_count,
    cast(count(distinct invoice_id) as bigint) as invoice_count,
    cast(coalesce(sum(amount_usd), 0) as decimal(38, 12)) as revenue_usd
from {{ ref('int_revenue_converted') }}
group by 1, 2, 3, 4
