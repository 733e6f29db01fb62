-- grain: one row per UTC day with calls or shared cost, and what its shared cost is known by
{{ config(materialized='table') }}
-- depends_on: {{ ref('int_cost_days_before') }}
{% set shared = [
    'rule_number', 'pool_id', 'charge_provider_id', 'driver', 'allocation_status', 'usage_date', 'provider_id',
    'model_id', 'customer_id', 'feature_id', 'workload', 'driver_quantity', 'allocated_cost_usd'
] %}
with days as (

    select
        usage_date,
        1 as has_calls,
        0 as shared_hash
    from {{ ref('int_drivers_daily') }}
    group by 1
    union all
    select
        usage_date,
        0 as has_calls,
        sum(cast({{ hashed(shared) }} as decimal(38, 0))) as shared_hash
    from {{ ref('allocated_costs') }}
    group by 1

)

select
    usage_date,
    max(has_calls) as has_calls,
    cast(sum(shared_hash) as decimal(38, 0)) as shared_hash
from days
group by 1
