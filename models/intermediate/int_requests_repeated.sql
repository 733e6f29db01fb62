-- grain: one row per logged model call whose ids may occur in another row too
select
    logged.*,
    {{ token_sum('logged') }} as all_tokens,
    -- what a source calls by one id is one call, and has the response id that any row of it tells
    max(logged.response_id) over (partition by logged.source_id, logged.request_id) as call_response_id
from {{ ref('int_requests_unioned') }} as logged
inner join {{ ref('int_request_ids_repeated') }} as repeated
    on {{ for_each(['usage_date', 'source_id', 'input_id', 'record_number'], 'logged.@ = repeated.@', ' and ') }}
