-- grain: one row per UTC day, source, provider, model and name of a count that no column reads
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_touched_dates() }}') }}
with told as (

    -- of the touched days alone
    select
        usage_date,
        source_id,
        coalesce(nullif(provider_id, ''), '(unknown)') as provider_id,
        coalesce(model_id, requested_model, '(unknown)') as model_id,
        {{ exploded_list('unknown_usage') }} as counted
    from {{ ref('int_requests_deduplicated') }}
    where unknown_usage is not null

)

select
    usage_date,
    source_id,
    provider_id,
    model_id,
    -- `name=count`, landed by `ingest/unknown_usage.py`
    regexp_extract(counted, '^([^=]+)=', 1) as usage_name,
    count(*) as request_count,
    sum(cast(regexp_extract(counted, '=(.+)$', 1) as decimal(38, 12))) as quantity
from told
group by 1, 2, 3, 4, 5
