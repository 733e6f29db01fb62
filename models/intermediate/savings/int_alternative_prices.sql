-- grain: one row per called model, alternative to it and stretch of time: what a token costs in both, at list
{{ config(materialized='table') }}
-- `own`: the same model, as it is. `batch`: in the batch tier. `routing`: the lines of seeds/model_tiers.csv that fit
-- it, `routing_batch` in the batch tier. Base prices: of long contexts what they are of the base is carried over.
{% set kinds = priced_tokens() | list %}
with prices as (

    select
        price_source,
        provider_id,
        model_id,
        service_tier,
        valid_from_date,
        valid_to_date,
        input_tokens_price as input_price,
        coalesce(cache_read_tokens_price, input_tokens_price) as cache_read_price,
        coalesce(cache_write_5m_tokens_price, cache_write_tokens_price, input_tokens_price) as cache_write_price,
        output_tokens_price as output_price
    from {{ ref('int_list_prices') }}
    where above_tokens = -1 and daily_from_second = 0

),

called as (

    select distinct
        provider_id,
        model_id,
        price_source,
        price_provider_id,
        price_model_id,
        valid_from_date,
        valid_to_date
    from {{ ref('int_called_scopes') }}
    where price_model_id is not null

),

own as (

    select
        called.provider_id,
        called.model_id,
        called.price_source,
        called.price_provider_id,
        called.price_model_id,
        greatest(called.valid_from_date, prices.valid_from_date) as valid_from_date,
        least(called.valid_to_date, prices.valid_to_date) as valid_to_date,
        {{ for_each(kinds, 'prices.@_price') }}
    from called
    inner join prices
        on
            called.price_source = prices.price_source
            and called.price_provider_id = prices.provider_id
            and called.price_model_id = prices.model_id
            and called.valid_from_date < prices.valid_to_date
            and called.valid_to_date > prices.valid_from_date
    where prices.service_tier = 'standard'

),

alternatives as (

    select
        own.*,
        'own' as strategy,
        cast(null as bigint) as rule_number,
        own.valid_from_date as other_from_date,
        own.valid_to_date as other_to_date,
        {{ for_each(kinds, 'own.@_price as other_@_price') }}
    from own
    union all
    select
        own.*,
        'batch' as strategy,
        cast(null as bigint) as rule_number,
        prices.valid_from_date as other_from_date,
        prices.valid_to_date as other_to_date,
        {{ for_each(kinds, 'prices.@_price as other_@_price') }}
    from own
    inner join prices
        on
            own.price_source = prices.price_source
            and own.price_provider_id = prices.provider_id
            and own.price_model_id = prices.model_id
            and prices.service_tier = 'batch'
    union all
    select
        own.*,
        case when prices.service_tier = 'batch' then 'routing_batch' else 'routing' end as strategy,
        tiers.rule_number,
        greatest(prices.valid_from_date, tiers.valid_from_date) as other_from_date,
        least(prices.valid_to_date, tiers.valid_to_date) as other_to_date,
        {{ for_each(kinds, 'prices.@_price as other_@_price') }}
    from own
    inner join {{ ref('model_tiers') }} as tiers
        on
            {{ matches_pattern('lower(own.provider_id)', 'tiers.provider_id') }}
            and {{ matches_pattern('lower(own.model_id)', 'tiers.model_id') }}
    inner join prices
        on
            tiers.candidate_provider_id = prices.provider_id
            and tiers.candidate_model_id = prices.model_id
            and prices.service_tier in ('standard', 'batch')
            and own.price_source = prices.price_source

)

select
    provider_id,
    model_id,
    strategy,
    rule_number,
    greatest(valid_from_date, other_from_date) as valid_from_date,
    least(valid_to_date, other_to_date) as valid_to_date,
    {{ for_each(kinds, '@_price, other_@_price') }}
from alternatives
where greatest(valid_from_date, other_from_date) < least(valid_to_date, other_to_date)
