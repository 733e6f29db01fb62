-- grain: one row per unit, what makes one of it (a conversation, a trace, …), customer and month of its calls
{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ delete_touched_months() }}') }}
-- What a unit of several months cost falls into the months of its calls. Retries, and steps that are no generation, are
-- parts of their own, whatever they are made of; what an invoice adds to or takes from the rated cost is one as well.
{% set touched = days_of_touched_months() %}{# dbt reads it once, outside the condition #}
{% set answers = "attempt_number = 1 and coalesce(operation, '') not in ('embeddings', 'retrieval', 'rerank')" %}
{% set parts = {
    'retry': 'case when attempt_number > 1 then cost_usd end',
    'embedding': "case when attempt_number = 1 and operation = 'embeddings' then cost_usd end",
    'retrieval': "case when attempt_number = 1 and operation = 'retrieval' then cost_usd end",
    'rerank': "case when attempt_number = 1 and operation = 'rerank' then cost_usd end",
    'uncached_input': 'case when ' ~ answers ~ ' then input_cost_usd end',
    'cached_input': 'case when ' ~ answers ~ ' then cache_read_cost_usd + cache_write_cost_usd end',
    'output': 'case when ' ~ answers ~ ' then output_cost_usd end',
    'tool': 'case when ' ~ answers ~ ' then tool_cost_usd end', 'other': 'case when ' ~ answers ~ ' then other_cost_usd end',
    'invoice': 'case when ' ~ answers ~ ' then cost_usd - coalesce(contracted_cost_usd, 0) end',
} %}
with calls as (

    select
        *,
        cast(date_trunc('month', usage_date) as date) as month
    from {{ calls_by_workload() }} as by_workload
    where
        workload = 'production'
        {% if is_incremental() %}
            and usage_date in {{ touched }}
        {% endif %}

),

kinds as (

    select
        kind.*,
        units.unit_id,
        units.counted_by,
        -- what makes several units is, where margins must sum, the cost of the one that says most of it
        row_number() over (
            partition by kind.feature_id, kind.operation, kind.of_unit_id
            order by
                kind.of_unit_id <> units.unit_id, units.feature_id like '%*%', units.operation like '%*%', units.unit_id
        ) = 1 as is_own
    from (
        -- apart from the calls below: what two read would be kept in memory, every column of it
        select distinct
            feature_id,
            coalesce(operation, '') as operation,
            coalesce(unit_id, '') as of_unit_id
        from {{ ref('fct_requests') }}
    ) as kind
    inner join {{ ref('units') }} as units
        on
            kind.of_unit_id = units.unit_id
            or (
                {{ matches_pattern('kind.feature_id', 'units.feature_id') }}
                and {{ matches_pattern('kind.operation', 'units.operation') }}
            )

),

linked as (

    select distinct
        unit_id,
        linked_by,
        link_id
    from {{ ref('int_unit_events') }}
    where linked_by <> 'none'

),

made as (

    select
        kinds.unit_id as makes_unit_id,
        kinds.is_own,
        case kinds.counted_by
            when 'conversation' then nullif(calls.conversation_id, '(unattributed)')
            when 'trace' then calls.trace_id
            when 'request' then coalesce(calls.retry_group_id, calls.request_id)
            when 'user' then calls.user_id
            when 'customer' then calls.customer_id
            else coalesce(traces.link_id, conversations.link_id, '(unlinked)')
        end as instance_id,
        calls.*
    from calls
    inner join kinds
        on
            calls.feature_id = kinds.feature_id
            and coalesce(calls.operation, '') = kinds.operation
            and coalesce(calls.unit_id, '') = kinds.of_unit_id
    left join linked as traces
        on
            kinds.counted_by = 'event'
            and traces.linked_by = 'trace'
            and kinds.unit_id = traces.unit_id
            and calls.trace_id = traces.link_id
    left join linked as conversations
        on
            kinds.counted_by = 'event'
            and conversations.linked_by = 'conversation'
            and kinds.unit_id = conversations.unit_id
            and calls.conversation_id = conversations.link_id

)

select
    made.makes_unit_id as unit_id,
    made.instance_id,
    made.customer_id,
    made.month,
    min_by(made.feature_id, (made.requested_at, made.feature_id)) as feature_id,
    min(made.usage_date) as first_date,
    cast(sum(case when made.operation = 'chat' and made.status = 'ok' then 1 else 0 end) as bigint) as turn_count,
    cast(count(*) as bigint) as request_count,
    cast(sum(case when {{ is_unpriced() }} then 1 else 0 end) as bigint) as unpriced_request_count,
    cast(coalesce(sum(made.cost_usd), 0) as decimal(38, 12)) as cost_usd,
    cast(count(case when made.is_own then 1 end) as bigint) as own_request_count,
    cast(count(case when made.is_own and {{ is_unpriced() }} then 1 end) as bigint) as own_unpriced_request_count,
    cast(coalesce(sum(case when made.is_own then made.cost_usd end), 0) as decimal(38, 12)) as own_cost_usd,
{% for part in unit_parts() %}
    cast(coalesce(sum({{ parts[part] }}), 0) as decimal(38, 12)) as {{ part }}_cost_usd{{ ',' if not loop.last }}
{% endfor %}
from made
where made.instance_id is not null
group by 1, 2, 3, 4
