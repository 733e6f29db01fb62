-- grain: one row per UTC hour, who called, what served it, usage kind and price
{{ config(materialized='view') }}
-- Rated calls in FOCUS meanings, for `unitcost export focus`. Calls without a known price are not in it: FOCUS has no
-- cost that is NULL, and 0 would be a price.
select
    date_trunc('hour', requested_at) as charge_period_start_at,
    date_trunc('hour', requested_at) + interval 1 hour as charge_period_end_at,
    usage_date,
    source_id,
    provider_id,
    coalesce(billing_account_id, '(unknown)') as billing_account_id,
    project_id as sub_account_id,
    region_id,
    deployment_id as resource_id,
    model_id,
    service_tier,
    customer_id,
    feature_id,
    environment,
    operation,
    usage_kind,
    unit as consumed_unit,
    price_id as sku_price_id,
    list_unit_price_usd,
    unit_price_usd as contracted_unit_price_usd,
    cast(sum(quantity) as decimal(38, 3)) as consumed_quantity,
    cast(sum(list_amount_usd) as decimal(38, 12)) as list_cost_usd,
    cast(sum(amount_usd) as decimal(38, 12)) as contracted_cost_usd,
    cast(count(*) as bigint) as request_count
from {{ ref('cost_lines') }}
where amount_usd is not null
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
