-- grain: one row per price key, stretch of usage days, time of day and context tier
{{ config(materialized='table') }}
-- What one unit of each kind costs, in US dollars: `list_<kind>_price`, what the provider asks, with the uplift of the
-- region; `<kind>_price`, what we pay.
with list_prices as (

    select
        stretches.price_key,
        stretches.price_number,
        stretches.price_source,
        stretches.price_provider_id,
        stretches.price_model_id,
        stretches.price_tier,
        stretches.from_date as valid_from_date,
        stretches.to_date as valid_to_date,
        coalesce(prices.daily_from_second, 0) as daily_from_second,
        coalesce(prices.daily_to_second, 86400) as daily_to_second,
        coalesce(prices.above_tokens, -1) as above_tokens,
        coalesce(prices.up_to_tokens, 9223372036854775807) as up_to_tokens,
        prices.price_rule,
        prices.source_version,
        prices.snapshot_id,
        prices.minimum_audio_seconds,
        overrides.uplift_factor,
        overrides.override_lines,
        overrides.exchange_rate,
        overrides.exchange_rate_date,
        overrides.exchange_rate_source,
        overrides.effect,
        {{ for_each(catalogue_kinds(), 'overrides.effect_@, overrides.contract_@, overrides.discount_@') }},
        {{ for_each(
            catalogue_kinds(),
            'coalesce(overrides.own_@, ' ~ scaled('prices.@_price', 'overrides.uplift_factor') ~ ') as list_@'
        ) }}
    from {{ ref('int_price_stretches') }} as stretches
    left join {{ ref('int_list_prices') }} as prices
        on
            stretches.price_source = prices.price_source
            and stretches.price_provider_id = prices.provider_id
            and stretches.price_model_id = prices.model_id
            and stretches.price_tier = prices.service_tier
            and stretches.from_date >= prices.valid_from_date
            and stretches.from_date < prices.valid_to_date
    left join {{ ref('int_price_overrides') }} as overrides
        on stretches.price_key = overrides.price_key and stretches.from_date = overrides.from_date

),

contracted as (

    select
        *,
        {{ for_each(catalogue_kinds(), "case when effect_@ in ('free', 'self_hosted') then cast(0 as decimal(18, 15)) "
            ~ "when effect_@ = 'contract_price' then contract_@ "
            ~ "when effect_@ = 'discount' then " ~ scaled('list_@', '1 - discount_@') ~ " else list_@ end as contracted_@")
        }}
    from list_prices

),

priced as (

    select
        price_key,
        price_number,
        price_source,
        price_provider_id,
        price_model_id,
        price_tier,
        valid_from_date,
        valid_to_date,
        daily_from_second,
        daily_to_second,
        above_tokens,
        up_to_tokens,
        price_rule,
        source_version,
        snapshot_id,
        minimum_audio_seconds,
        uplift_factor,
        override_lines,
        exchange_rate,
        exchange_rate_date,
        exchange_rate_source,
        effect,
        -- a model without a list price lists what it costs
        {{ kind_prices(['list', 'contracted'], 'list_') }},
        {{ kind_prices(['contracted']) }}
    from contracted

)

select
    *,
    concat_ws(
        '|', price_key, cast(valid_from_date as string), cast(daily_from_second as string),
        cast(above_tokens as string), right(snapshot_id, 8)
    ) as price_id,
    override_lines is not null as has_own_price,
    case
        when effect in ('free', 'self_hosted') then effect
        when coalesce({{ for_each(usage_kind_names(), '@_price') }}) is null then 'no_price'
        when {{ for_each(usage_kind_names(), 'coalesce(@_price, 0) = 0', ' and ') }} then 'free'
        else 'priced'
    end as price_state
from priced
-- by valid_from_date and above_tokens: of the prices under one key DuckDB looks at the last first, and calls that find
-- theirs at once stay in their order, in which they are stored in less
order by 7, 11 desc
