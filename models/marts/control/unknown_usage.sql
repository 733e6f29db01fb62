-- grain: one row per source, provider, model and name of a count that no column reads
select
    source_id,
    provider_id,
    model_id,
    usage_name,
    cast(sum(request_count) as bigint) as request_count,
    cast(sum(quantity) as decimal(38, 12)) as quantity,
    min(usage_date) as first_usage_date,
    max(usage_date) as last_usage_date
from {{ ref('int_unknown_usage_daily') }}
group by 1, 2, 3, 4
