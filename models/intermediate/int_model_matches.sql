-- grain: one row per (provider, model) that a source named and the catalogue knows
{{ config(materialized='table') }}
with priced_tiers as (

    select
        provider_id as price_provider_id,
        model_id as price_model_id,
        max(case when service_tier = 'batch' then 1 else 0 end) = 1 as has_batch_price,
        max(case when service_tier = 'flex' then 1 else 0 end) = 1 as has_flex_price,
        max(case when service_tier = 'priority' then 1 else 0 end) = 1 as has_priority_price,
        max(case when service_tier = 'fast' then 1 else 0 end) = 1 as has_fast_price
    from {{ ref('int_prices_by_tier') }}
    group by 1, 2

)

select
    -- what a log without a provider is called after attribution
    coalesce(nullif(matches.provider_id, ''), '(unknown)') as provider_id,
    matches.model_name,
    matches.price_provider_id,
    matches.price_model_id,
    matches.matched_by,
    coalesce(priced_tiers.has_batch_price, false) as has_batch_price,
    coalesce(priced_tiers.has_flex_price, false) as has_flex_price,
    coalesce(priced_tiers.has_priority_price, false) as has_priority_price,
    coalesce(priced_tiers.has_fast_price, false) as has_fast_price
from {{ ref('stg_prices__model_matches') }} as matches
left join priced_tiers
    on
        matches.price_provider_id = priced_tiers.price_provider_id
        and matches.price_model_id = priced_tiers.price_model_id
where matches.price_model_id is not null
