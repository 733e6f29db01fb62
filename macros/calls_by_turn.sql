{#
    The calls of conversations of production with the turn that they are of: a subquery. A turn ends with an answer, the
    one that `turn_count` of a conversation counts: attempts that failed before it and the steps that led to it are of the
    same turn, and what comes after the last answer is of the last. Conversations that never got an answer are turn 0.
    Conversations are numbered (`talk`), since strings are slow to sort by.
#}
{% macro calls_by_turn() -%}
    {% set money = ['cost_usd', 'uncached_input_cost_usd', 'cached_input_cost_usd', 'output_cost_usd'] %}
    {% set earliest = earliest_month() %}{# outside the condition: dbt reads dependencies once #}
    (
        with talks as (

            select
                row_number() over (order by started_at) as talk,
                customer_id,
                conversation_id,
                feature_id,
                turn_count,
                cast(date_trunc('month', started_date) as date) as month
            from {{ ref('cost_per_conversation') }}
            where
                is_production
                and conversation_id <> '(unattributed)'
                {% if is_incremental() %}
                    and started_date >= {{ earliest }}
                {% endif %}

        ),

        calls as (

            select
                talks.talk,
                talks.feature_id,
                talks.turn_count,
                talks.month,
                calls.requested_at,
                calls.record_number,
                calls.input_id,
                calls.operation = 'chat' and calls.status = 'ok' as is_answer,
                {{ is_unpriced() }} as is_unpriced,
                calls.input_cost_usd as uncached_input_cost_usd,
                calls.cache_read_cost_usd + calls.cache_write_cost_usd as cached_input_cost_usd,
                calls.output_cost_usd,
                calls.cost_usd,
                calls.uncached_input_tokens + calls.cache_read_tokens + calls.cache_write_tokens as input_tokens
            from {{ ref('fct_requests') }} as calls
            inner join talks on calls.customer_id = talks.customer_id and calls.conversation_id = talks.conversation_id
            {% if is_incremental() %}
                where calls.usage_date >= {{ earliest }}
            {% endif %}

        ),

        numbered as (

            select
                talk,
                feature_id,
                month,
                turn_count,
                is_unpriced,
                input_tokens,
                {{ for_each(money, '@') }},
                least(turn_count, 1 + count(case when is_answer then 1 end) over (
                    partition by talk
                    order by requested_at, record_number, input_id
                    rows between unbounded preceding and 1 preceding
                )) as turn
            from calls

        )

        select * from numbered
    )
{%- endmacro %}
