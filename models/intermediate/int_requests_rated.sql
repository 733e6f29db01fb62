-- grain: one row per model call of the touched dates
-- Rated at the price that was valid at the time of the call, at what we pay and, where that differs, at the list price.
-- In US dollars, as prices are. Unpriced is NULL: a total that lacks a part would look like a price.
with priced as (

    select
        requests.*,
        prices.price_id,
        prices.price_state,
        {{ usage_cost('input') }} as input_cost,
        {{ usage_cost('cache_read') }} as cache_read_cost,
        {{ usage_cost('cache_write') }} as cache_write_cost,
        {{ usage_cost('output') }} as output_cost,
        {{ usage_cost('tool') }} as tool_cost,
        {{ usage_cost('other') }} as other_cost,
        prices.has_own_price,
        case when prices.has_own_price then {{ usage_cost(price='list_') }} end as cost_at_list_price
    from {{ ref('int_requests_matched') }} as requests
    left join {{ ref('int_rate_card') }} as prices
        on
            requests.price_number = prices.price_number
            and requests.usage_date >= prices.valid_from_date
            and requests.usage_date < prices.valid_to_date
            and requests.second_of_day >= prices.daily_from_second
            and requests.second_of_day < prices.daily_to_second
            -- the tier is decided for each run of a call; runs in two tiers have two prices, which one row cannot have
            and coalesce(requests.smallest_context_size, requests.total_input_tokens) > prices.above_tokens
            and coalesce(requests.largest_context_size, requests.total_input_tokens) <= prices.up_to_tokens

),

summed as (

    select
        *,
        input_cost + cache_read_cost + cache_write_cost + output_cost + tool_cost + other_cost as total_cost,
        has_usage or coalesce(price_state in ('free', 'self_hosted'), false) as is_billed,
        case
            when has_usage then 'reported'
            -- runs of one's own code: what a provider's tool costs stands in the model call that used it
            when operation in ('execute_tool', 'retrieval') then 'not_billed'
            when status = 'ok' then 'missing'
            -- What was generated until a stream was cut off is billed, though no log tells it. A batch cancels what it
            -- has not begun: "You will not be billed for these requests" (Anthropic, batch processing).
            when status = 'aborted' and not coalesce(is_batch, false) then 'aborted'
            -- providers do not bill 429 and 5xx before generation
            else 'not_billed'
        end as usage_status
    from priced

)

select
    *,
    total_cost is not null and is_billed and price_number is not null and usage_status <> 'not_billed'
        as is_cost_known,
    case
        when usage_status = 'not_billed' then 'not_billed'
        when not is_billed then 'usage_missing'
        when price_number is null then 'unknown_model'
        when total_cost is null then 'no_price'
        when price_state in ('free', 'self_hosted') then price_state
        -- also a call that used nothing, whatever the price
        else 'priced'
    end as price_status
from summed
