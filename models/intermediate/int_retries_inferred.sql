-- grain: one row per model call that repeats one that failed, by its prompt
-- The same customer, feature and prompt up to ten minutes after a failure. Chains are followed within one UTC day, so
-- that what a day shows depends on no other. Without failures, or without fingerprints, nothing is ranked.
{% set prompt = 'partition by usage_date, customer_id, feature_id, prompt_fingerprint' %}
{% set in_time = 'order by requested_at, source_id, request_id' %}
with failed as (

    select distinct
        usage_date,
        customer_id,
        feature_id,
        prompt_fingerprint
    from {{ ref('int_requests_attributed') }}
    where status <> 'ok' and prompt_fingerprint is not null

),

calls as (

    select
        calls.source_id,
        calls.request_id,
        calls.usage_date,
        calls.customer_id,
        calls.feature_id,
        calls.prompt_fingerprint,
        calls.requested_at,
        calls.status,
        calls.attempt_number,
        calls.retry_of
    from {{ ref('int_requests_attributed') }} as calls
    inner join failed
        on
            calls.prompt_fingerprint = failed.prompt_fingerprint
            and calls.usage_date = failed.usage_date
            and calls.customer_id = failed.customer_id
            and calls.feature_id = failed.feature_id

),

followed as (

    select
        *,
        lag(status) over ({{ prompt }} {{ in_time }}) as status_before,
        lag(requested_at) over ({{ prompt }} {{ in_time }}) as requested_before_at
    from calls

),

chained as (

    select
        *,
        -- how many chains have begun; what its log calls a first attempt begins one
        sum(
            case
                when attempt_number = 1 and retry_of is null then 1
                when status_before <> 'ok' and requested_at <= requested_before_at + interval 10 minutes then 0
                else 1
            end
        ) over ({{ prompt }} {{ in_time }} rows between unbounded preceding and current row) as chain_number
    from followed

),

numbered as (

    select
        source_id,
        request_id,
        row_number() over ({{ prompt }}, chain_number {{ in_time }}) as attempt_number,
        first_value(coalesce(retry_of, request_id)) over ({{ prompt }}, chain_number {{ in_time }}) as retry_group_id
    from chained

)

select *
from numbered
where attempt_number > 1
