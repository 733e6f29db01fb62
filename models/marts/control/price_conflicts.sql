-- grain: one row per called model and usage kind for which two sources state different list prices
-- As of the last day with calls, at the standard tier and the base context. The first source is used, never a mean.
with as_of as (

    select coalesce(max(usage_date), date '2015-01-01') as as_of_date
    from {{ ref('fct_usage_hourly') }}

),

names as (

    select
        matches.provider_id,
        matches.model_name,
        matches.price_provider_id,
        matches.price_model_id,
        matches.litellm_model_id,
        as_of.as_of_date
    from {{ ref('int_model_matches') }} as matches
    inner join as_of
        on matches.valid_from_date <= as_of.as_of_date and matches.valid_to_date > as_of.as_of_date
    where matches.price_source = 'genai-prices' and matches.litellm_model_id is not null

),

prices as (

    select
        price_source,
        provider_id,
        model_id,
        usage_kind,
        valid_from_date,
        valid_to_date,
        unit_price_usd
    from {{ ref('int_book_prices') }}
    where service_tier = 'standard' and tier_start_tokens = 0 and daily_from_second = 0

),

stated as (

    select
        names.*,
        prices.price_source,
        prices.usage_kind,
        prices.unit_price_usd
    from names
    inner join prices on names.price_provider_id = prices.provider_id and names.price_model_id = prices.model_id
    where
        prices.price_source = 'genai-prices'
        and names.as_of_date >= prices.valid_from_date and names.as_of_date < prices.valid_to_date
    union all
    select
        names.*,
        prices.price_source,
        prices.usage_kind,
        prices.unit_price_usd
    from names
    inner join prices on prices.price_source = 'litellm' and names.litellm_model_id = prices.model_id
    where names.as_of_date >= prices.valid_from_date and names.as_of_date < prices.valid_to_date

),

disputed as (

    -- both statements of a price meet in a group: to join two price lists takes longer than to rate a million calls
    select
        provider_id,
        model_name,
        as_of_date,
        usage_kind,
        max(case when price_source = 'genai-prices' then unit_price_usd end) as used_unit_price_usd,
        max(case when price_source = 'litellm' then unit_price_usd end) as other_unit_price_usd
    from stated
    group by 1, 2, 3, 4

),

used_lately as (

    select
        usage.provider_id,
        usage.model_id,
        sum(usage.uncached_input_tokens) as input_tokens,
        sum(usage.cache_read_tokens) as cache_read_tokens,
        sum(usage.cache_write_tokens) as cache_write_tokens,
        sum(usage.output_tokens) as output_tokens
    from {{ ref('fct_usage_hourly') }} as usage
    inner join as_of
        on usage.usage_date > as_of.as_of_date - interval 30 day
    group by 1, 2

),

measured as (

    select
        disputed.*,
        case disputed.usage_kind
            when 'input_tokens' then used_lately.input_tokens
            when 'cache_read_tokens' then used_lately.cache_read_tokens
            when 'cache_write_tokens' then used_lately.cache_write_tokens
            when 'output_tokens' then used_lately.output_tokens
        end as quantity
    from disputed
    left join used_lately
        on disputed.provider_id = used_lately.provider_id and disputed.model_name = used_lately.model_id
    where disputed.used_unit_price_usd <> disputed.other_unit_price_usd

)

select
    provider_id,
    model_name as model_id,
    usage_kind,
    as_of_date,
    'genai-prices' as used_price_source,
    cast(used_unit_price_usd as decimal(38, 15)) as used_unit_price_usd,
    'litellm' as other_price_source,
    cast(other_unit_price_usd as decimal(38, 15)) as other_unit_price_usd,
    {{ ratio('other_unit_price_usd', 'used_unit_price_usd') }} as price_ratio,
    cast(quantity as bigint) as quantity_30d,
    cast(
        {{ component_cost('quantity', 'other_unit_price_usd') }}
        - {{ component_cost('quantity', 'used_unit_price_usd') }}
        as decimal(38, 12)
    ) as impact_30d_usd
from measured
