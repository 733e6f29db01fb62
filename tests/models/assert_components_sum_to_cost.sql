-- Components sum to the contracted cost of every call; a call is priced in whole or not at all; what is free costs 0.
-- (What an earlier build made of days that this one leaves alone, it checked.)
select
    calls.source_id,
    calls.request_id,
    calls.price_status,
    calls.list_cost_usd,
    calls.contracted_cost_usd,
    calls.input_cost_usd,
    calls.cache_read_cost_usd,
    calls.cache_write_cost_usd,
    calls.output_cost_usd,
    calls.tool_cost_usd,
    calls.other_cost_usd
from {{ ref('fct_requests') }} as calls
inner join {{ ref('int_touched_dates') }} as touched on calls.usage_date = touched.usage_date
where
    -- never so: it makes the engine leave out the other days before it looks at the rest
    touched.usage_date is null
    or (
        (
            {{ is_cost_known() }}
            -- a missing rate of exchange has a test of its own, which names the currency
            and (exchange_rate is not null or '{{ var("reporting_currency") }}' = 'USD')
            and coalesce(
                input_cost_usd + cache_read_cost_usd + cache_write_cost_usd + output_cost_usd + tool_cost_usd
                + other_cost_usd <> contracted_cost_usd,
                true
            )
        )
        or (
            price_status = 'priced'
            and list_cost_usd is null
            and (exchange_rate is not null or '{{ var("reporting_currency") }}' = 'USD')
        )
        or (price_status in ('free', 'self_hosted') and contracted_cost_usd <> 0)
        or (
            not {{ is_cost_known() }}
            and coalesce(
                input_cost_usd, cache_read_cost_usd, cache_write_cost_usd, output_cost_usd, tool_cost_usd,
                other_cost_usd, list_cost_usd, contracted_cost_usd
            ) is not null
        )
        or list_cost_usd < 0
        or contracted_cost_usd < 0
    )
