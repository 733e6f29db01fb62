-- grain: one row per model call of the touched dates
-- The model that answered is the one priced; a tier without a price of its own is billed as standard.
select
    requests.*,
    matches.price_provider_id,
    matches.price_model_id,
    case
        when requests.service_tier = 'batch' and matches.has_batch_price then 'batch'
        when requests.service_tier = 'flex' and matches.has_flex_price then 'flex'
        when requests.service_tier = 'priority' and matches.has_priority_price then 'priority'
        when requests.service_tier = 'fast' and matches.has_fast_price then 'fast'
        else 'standard'
    end as price_tier,
    requests.cache_write_5m_tokens
    + requests.cache_write_30m_tokens
    + requests.cache_write_1h_tokens
    + requests.cache_write_12h_tokens
    + requests.cache_write_unknown_tokens as cache_write_tokens,
    -- what decides the context tier: all input, cached or not
    requests.uncached_input_tokens
    + requests.cache_read_tokens
    + requests.cache_write_5m_tokens
    + requests.cache_write_30m_tokens
    + requests.cache_write_1h_tokens
    + requests.cache_write_12h_tokens
    + requests.cache_write_unknown_tokens
    + requests.input_audio_tokens as total_input_tokens,
    hour(requests.requested_at) * 3600 + minute(requests.requested_at) * 60 + second(requests.requested_at)
        as second_of_day
from {{ ref('int_requests_attributed') }} as requests
left join {{ ref('int_model_matches') }} as matches
    on requests.provider_id = matches.provider_id and requests.model_id = matches.model_name
