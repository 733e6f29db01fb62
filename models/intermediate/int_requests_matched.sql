-- grain: one row per model call of the touched dates
-- The model that answered is the one priced, in the tier that the response names.
select
    requests.*,
    scopes.price_model_id,
    scopes.price_number,
    requests.cache_write_5m_tokens
    + requests.cache_write_30m_tokens
    + requests.cache_write_1h_tokens
    + requests.cache_write_12h_tokens
    + requests.cache_write_unknown_tokens as cache_write_tokens,
    -- what decides the context tier of a call of one run: all input, cached or not
    requests.uncached_input_tokens
    + requests.cache_read_tokens
    + requests.cache_read_audio_tokens
    + requests.cache_read_image_tokens
    + requests.cache_write_5m_tokens
    + requests.cache_write_30m_tokens
    + requests.cache_write_1h_tokens
    + requests.cache_write_12h_tokens
    + requests.cache_write_unknown_tokens
    + requests.input_audio_tokens
    + requests.input_image_tokens
    + requests.input_video_tokens as total_input_tokens,
    hour(requests.requested_at) * 3600 + minute(requests.requested_at) * 60 + second(requests.requested_at)
        as second_of_day
from {{ ref('int_requests_attributed') }} as requests
left join {{ ref('int_price_scopes') }} as scopes
    on
        requests.provider_id = scopes.provider_id
        and requests.model_id = scopes.model_id
        and requests.service_tier = scopes.service_tier
        and coalesce(requests.region_id, '') = scopes.region_id
        and (not scopes.uses_billing_account or coalesce(requests.billing_account_id, '') = scopes.billing_account_id)
        and (not scopes.uses_project or coalesce(requests.project_id, '') = scopes.project_id)
        and (not scopes.uses_api_key or coalesce(requests.api_key_id, '') = scopes.api_key_id)
        and (not scopes.uses_deployment or coalesce(requests.deployment_id, '') = scopes.deployment_id)
        and requests.usage_date >= scopes.valid_from_date
        and requests.usage_date < scopes.valid_to_date
