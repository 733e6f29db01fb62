-- Components sum to the contracted cost of every call; a call is priced in whole or not at all; what is free costs 0.
-- (What an earlier build made of days that this one leaves alone, it checked.)
select
    source_id,
    request_id,
    price_status,
    list_cost_usd,
    contracted_cost_usd,
    input_cost_usd,
    cache_read_cost_usd,
    cache_write_cost_usd,
    output_cost_usd,
    tool_cost_usd,
    other_cost_usd
from {{ ref('fct_requests') }}
where
    usage_date in (select usage_date from {{ ref('int_touched_dates') }})
    and (
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
