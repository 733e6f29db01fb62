-- grain: one row per hour of a function, a model, a warehouse and a query
-- A query that runs is stated again with more: of each the row with the most counts. Credits are no money and stay in
-- the raw table.
with numbered as (

    select
        *,
        row_number() over (
            partition by query_id, function_name, model_name, warehouse_id, started
            order by credits desc, input_id asc, record_number asc
        ) as place
    from {{ source('snowflake_usage', 'provider_usage') }}

)

select
    'snowflake_usage' as source_id,
    'snowflake' as provider_id,
    user_id,
    model_name as model_id,
    lower(function_name) as operation,
    -- a total is not told apart into what was read and written, but where nothing is written
    case
        when input_tokens is not null then input_tokens
        when lower(function_name) like '%embed%' then coalesce(metered_tokens, tokens)
    end as uncached_input_tokens,
    output_tokens,
    started as period_start_at,
    -- both views count by the hour
    coalesce(ended, started + interval '1' hour) as period_end_at,
    input_id,
    record_number
from numbered
where place = 1
