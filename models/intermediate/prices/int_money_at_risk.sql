-- grain: one row per provider, model, reason and month with unpriced calls that used tokens
-- What these calls would have cost on similar models, the cheapest and the dearest: the same provider's of the same
-- family (the first word of the name), else all of the provider's. It is no price: it is shown apart and never added.
with unpriced as (

    select
        provider_id,
        model_id,
        price_status,
        cast(date_trunc('month', usage_date) as date) as month,
        max(usage_date) as last_date,
        regexp_extract(lower(model_id), '([a-z]+)', 1) as family,
        sum(input_tokens) as input_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_write_tokens) as cache_write_tokens,
        sum(output_tokens) as output_tokens
    from {{ ref('int_unpriced_daily') }}
    where price_status in ('unknown_model', 'no_price')
    group by 1, 2, 3, 4, 6

),

priced_models as (

    select
        provider_id,
        model_id,
        regexp_extract(lower(model_id), '([a-z]+)', 1) as family,
        valid_from_date,
        valid_to_date,
        input_tokens_price as input_price,
        coalesce(cache_read_tokens_price, input_tokens_price) as cache_read_price,
        coalesce(cache_write_tokens_price, input_tokens_price) as cache_write_price,
        output_tokens_price as output_price
    from {{ ref('int_list_prices') }}
    where
        price_source = 'genai-prices'
        and service_tier = 'standard'
        and above_tokens = -1
        and daily_from_second = 0
        and input_tokens_price > 0
        and output_tokens_price > 0

),

candidates as (

    select
        unpriced.*,
        priced_models.model_id as similar_model_id,
        priced_models.family = unpriced.family as is_same_family,
        {{ component_cost('unpriced.input_tokens', 'priced_models.input_price') }}
        + {{ component_cost('unpriced.cache_read_tokens', 'priced_models.cache_read_price') }}
        + {{ component_cost('unpriced.cache_write_tokens', 'priced_models.cache_write_price') }}
        + {{ component_cost('unpriced.output_tokens', 'priced_models.output_price') }} as cost_usd
    from unpriced
    inner join priced_models
        on
            unpriced.provider_id = priced_models.provider_id
            and unpriced.last_date >= priced_models.valid_from_date
            and unpriced.last_date < priced_models.valid_to_date

),

chosen as (

    select
        *,
        max(case when is_same_family then 1 else 0 end) over (
            partition by provider_id, model_id, price_status, month
        ) = 1 as has_family
    from candidates

)

select
    chosen.provider_id,
    chosen.model_id,
    chosen.price_status,
    chosen.month,
    cast(count(*) as bigint) as similar_model_count,
    cast(min({{ converted('chosen.cost_usd') }}) as decimal(38, 12)) as at_risk_low_usd,
    cast(max({{ converted('chosen.cost_usd') }}) as decimal(38, 12)) as at_risk_high_usd
from chosen
left join {{ ref('int_exchange_rates') }} as rates
    on
        rates.currency = 'USD'
        and chosen.last_date >= rates.valid_from_date
        and chosen.last_date < rates.valid_to_date
where chosen.is_same_family or not chosen.has_family
group by 1, 2, 3, 4
