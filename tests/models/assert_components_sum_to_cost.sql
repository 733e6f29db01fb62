-- Components sum to the list cost of every call; a call is priced in whole or not at all.
select
    source_id,
    request_id,
    price_status,
    list_cost_usd,
    input_cost_usd,
    cache_read_cost_usd,
    cache_write_cost_usd,
    output_cost_usd,
    tool_cost_usd
from {{ ref('fct_requests') }}
where
    (
        price_status = 'priced'
        and coalesce(
            input_cost_usd + cache_read_cost_usd + cache_write_cost_usd + output_cost_usd + tool_cost_usd
            <> list_cost_usd,
            true
        )
    )
    or (
        price_status <> 'priced'
        and coalesce(
            input_cost_usd, cache_read_cost_usd, cache_write_cost_usd, output_cost_usd, tool_cost_usd, list_cost_usd
        ) is not null
    )
    or list_cost_usd < 0
