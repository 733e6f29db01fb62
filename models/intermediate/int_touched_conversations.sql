-- grain: one row per customer and conversation that this build makes anew
{{ config(materialized='table') }}
-- Those with a call on a touched day, now or in the last build, where it may have been the only one: a conversation may
-- have had a call on any day from its first to its last. Each is made anew from its first day on, however long ago that
-- is: who names no conversation has one that never ends. None where everything is built anew: all are.
{% set conversations = last_build('marts', 'cost_per_conversation') %}
{% set touched_dates = ref('int_restated_dates') %}{# outside the condition: dbt reads dependencies once #}
with called as (

    select
        customer_id,
        conversation_id,
        min(usage_date) as from_date
    from {{ ref('fct_requests') }}
    where
        usage_date in (select usage_date from {{ touched_dates }})
        and {{ 'true' if conversations else 'false' }}
    group by 1, 2

),

touched as (

    select * from called
    {% if conversations %}
        union all
        select
            conversations.customer_id,
            conversations.conversation_id,
            conversations.started_date as from_date
        from {{ conversations }} as conversations
        left join called
            on
                conversations.customer_id = called.customer_id
                and conversations.conversation_id = called.conversation_id
        where
            called.customer_id is not null
            or exists (
                select 1
                from {{ touched_dates }} as dates
                where
                    conversations.started_date <= dates.usage_date
                    and cast(conversations.ended_at as date) >= dates.usage_date
            )
    {% endif %}

)

select
    customer_id,
    conversation_id,
    min(from_date) as from_date
from touched
group by 1, 2
