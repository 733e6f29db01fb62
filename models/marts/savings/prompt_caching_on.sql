-- grain: one row per month, feature and model that a cache was used for
with premiums as (

    select
        cast(date_trunc('month', premiums.usage_date) as date) as month,
        premiums.feature_id,
        premiums.provider_id,
        premiums.model_id,
        sum(premiums.read_tokens) as read_tokens,
        sum(premiums.write_tokens) as write_tokens,
        sum({{ converted('premiums.read_discount') }}) as read_discount_usd,
        sum({{ converted('premiums.write_premium') }}) as write_premium_usd
    from {{ ref('int_cache_premiums_daily') }} as premiums
    {{ dollar_rates('premiums') }}
    group by 1, 2, 3, 4

),

inputs as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        provider_id,
        model_id,
        sum(uncached_input_tokens + cache_read_tokens + cache_write_tokens) as input_tokens
    from {{ ref('cost_drivers') }}
    group by 1, 2, 3, 4

)

select
    premiums.month,
    premiums.feature_id,
    premiums.provider_id,
    premiums.model_id,
    cast(inputs.input_tokens as bigint) as input_tokens,
    cast(premiums.read_tokens as bigint) as read_tokens,
    cast(premiums.write_tokens as bigint) as write_tokens,
    {{ ratio('premiums.read_tokens', 'inputs.input_tokens') }} as hit_share,
    cast(premiums.read_discount_usd as decimal(38, 12)) as read_discount_usd,
    cast(premiums.write_premium_usd as decimal(38, 12)) as write_premium_usd,
    cast(premiums.read_discount_usd - premiums.write_premium_usd as decimal(38, 12)) as net_saving_usd
from premiums
inner join inputs
    on
        premiums.month = inputs.month
        and premiums.feature_id = inputs.feature_id
        and premiums.provider_id = inputs.provider_id
        and premiums.model_id = inputs.model_id
