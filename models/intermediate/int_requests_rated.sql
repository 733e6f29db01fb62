-- grain: one row per model call of the touched dates
-- Rated at the price that was valid at the time of the call. Unpriced is NULL in every component, never 0: a total that
-- lacks a part would look like a price.
with priced as (

    select
        requests.*,
        prices.price_id,
        {{ component_cost('requests.uncached_input_tokens', 'prices.input_price') }}
        + {{ component_cost('requests.input_audio_tokens', 'prices.input_audio_price') }} as input_cost,
        {{ component_cost('requests.cache_read_tokens', 'prices.cache_read_price') }} as cache_read_cost,
        {{ component_cost(
            'requests.cache_write_tokens - requests.cache_write_1h_tokens', 'prices.cache_write_price') }}
        + {{ component_cost('requests.cache_write_1h_tokens', 'prices.cache_write_1h_price') }} as cache_write_cost,
        {{ component_cost('requests.output_tokens', 'prices.output_price') }}
        + {{ component_cost('requests.output_audio_tokens', 'prices.output_audio_price') }} as output_cost,
        {{ component_cost('requests.web_search_count', 'prices.web_search_price') }} as tool_cost
    from {{ ref('int_requests_matched') }} as requests
    left join {{ ref('int_model_prices') }} as prices
        on
            requests.price_provider_id = prices.price_provider_id
            and requests.price_model_id = prices.price_model_id
            and requests.price_tier = prices.price_tier
            and requests.usage_date >= prices.valid_from_date
            and requests.usage_date < prices.valid_to_date
            and requests.second_of_day >= prices.daily_from_second
            and requests.second_of_day < prices.daily_to_second
            and requests.total_input_tokens > prices.above_tokens
            and requests.total_input_tokens <= prices.up_to_tokens

),

judged as (

    select
        *,
        cast(input_cost + cache_read_cost + cache_write_cost + output_cost + tool_cost as decimal(38, 12))
            as total_cost,
        case
            when not has_usage and status <> 'ok' then 'not_billed'
            when not has_usage then 'usage_missing'
            when price_model_id is null then 'unknown_model'
            when price_id is null then 'no_price'
            when input_cost + cache_read_cost + cache_write_cost + output_cost + tool_cost is null then 'no_price'
            else 'priced'
        end as price_status
    from priced

)

select
    *,
    case when price_status = 'priced' then input_cost end as input_cost_usd,
    case when price_status = 'priced' then cache_read_cost end as cache_read_cost_usd,
    case when price_status = 'priced' then cache_write_cost end as cache_write_cost_usd,
    case when price_status = 'priced' then output_cost end as output_cost_usd,
    case when price_status = 'priced' then tool_cost end as tool_cost_usd,
    case when price_status = 'priced' then total_cost end as list_cost_usd
from judged
