-- grain: one row per provider and model that answered
select
    usage.provider_id,
    usage.model_id,
    max(matches.price_model_id) as price_model_id,
    min(usage.usage_date) as first_seen_date,
    max(usage.usage_date) as last_seen_date
from {{ ref('fct_usage_hourly') }} as usage
left join {{ ref('int_model_matches') }} as matches
    on usage.provider_id = matches.provider_id and usage.model_id = matches.model_name
group by 1, 2
