-- grain: one row per provider, model, reason and month with calls whose cost is not known
with unpriced as (

    select
        provider_id,
        model_id,
        price_status,
        cast(date_trunc('month', usage_date) as date) as month,
        sum(request_count) as request_count,
        sum(input_tokens + cache_read_tokens + cache_write_tokens + output_tokens) as total_tokens,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from {{ ref('int_unpriced_daily') }}
    group by 1, 2, 3, 4

)

select
    unpriced.provider_id,
    unpriced.model_id,
    unpriced.price_status,
    unpriced.month,
    cast(unpriced.request_count as bigint) as request_count,
    cast(unpriced.total_tokens as bigint) as total_tokens,
    at_risk.at_risk_low_usd,
    at_risk.at_risk_high_usd,
    at_risk.similar_model_count,
    unpriced.first_seen_at,
    unpriced.last_seen_at
from unpriced
left join {{ ref('int_money_at_risk') }} as at_risk
    on
        unpriced.provider_id = at_risk.provider_id
        and unpriced.model_id = at_risk.model_id
        and unpriced.price_status = at_risk.price_status
        and unpriced.month = at_risk.month
