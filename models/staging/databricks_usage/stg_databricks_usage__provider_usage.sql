-- grain: one row per call
-- Exports overlap: a call that two of them have is one.
with numbered as (

    select
        *,
        row_number() over (partition by databricks_request_id order by input_id, record_number) as place
    from {{ source('databricks_usage', 'provider_usage') }}

)

select
    'databricks_usage' as source_id,
    'databricks' as provider_id,
    account_id as billing_account_id,
    workspace_id as project_id,
    requester as user_id,
    entity_name as model_id,
    1 as request_count,
    input_token_count as uncached_input_tokens,
    output_token_count as output_tokens,
    input_character_count as character_count,
    requested as period_start_at,
    requested as period_end_at,
    input_id,
    record_number
from numbered
where place = 1
