-- grain: one row per model without a price that a feature calls: what it costs nobody knows
{{ config(materialized='table') }}
with unpriced as (

    select
        feature_id,
        workload,
        model_id,
        min(usage_date) as started_date,
        max(usage_date) as last_date,
        cast(count(distinct usage_date) as bigint) as day_count,
        cast(sum(unpriced_request_count) as bigint) as request_count
    from {{ ref('int_drivers_daily') }}
    where unpriced_request_count > 0
    group by 1, 2, 3

)

select
    {{ anomaly_id('unpriced_model', ['feature_id', 'workload', 'model_id']) }} as anomaly_id,
    'unpriced_model' as kind,
    feature_id,
    workload,
    model_id,
    started_date,
    last_date,
    day_count,
    cast(0 as decimal(38, 12)) as actual_usd,
    concat(
        cast(request_count as string), ' calls of ', model_id, ' have no price: a line in ',
        'seeds/price_overrides.csv gives it one'
    ) as detail
from unpriced
