-- grain: one row per price key and stretch of usage days on which its list price and all terms on it stay the same
{{ config(materialized='table') }}
-- A list price that is no longer offered ends: the days after it are a stretch without one.
with variants as (

    select distinct
        price_key,
        price_number,
        price_source,
        price_provider_id,
        price_model_id,
        price_tier
    from {{ ref('int_price_scopes') }}
    where price_key is not null

),

listed as (

    select
        variants.price_key,
        prices.valid_from_date,
        prices.valid_to_date
    from variants
    inner join {{ ref('int_list_prices') }} as prices
        on
            variants.price_source = prices.price_source
            and variants.price_provider_id = prices.provider_id
            and variants.price_model_id = prices.model_id
            and variants.price_tier = prices.service_tier

),

edges as (

    select
        price_key,
        date '2015-01-01' as from_date
    from variants
    union distinct
    select
        price_key,
        valid_from_date as from_date
    from listed
    union distinct
    select
        price_key,
        valid_to_date as from_date
    from listed
    union distinct
    select
        price_key,
        valid_from_date as from_date
    from {{ ref('int_price_terms') }}
    union distinct
    select
        price_key,
        valid_to_date as from_date
    from {{ ref('int_price_terms') }}

),

stretches as (

    select
        price_key,
        from_date,
        lead(from_date, 1, date '2100-01-01') over (partition by price_key order by from_date) as to_date
    from edges
    where from_date < date '2100-01-01'

)

select
    variants.*,
    stretches.from_date,
    stretches.to_date
from stretches
inner join variants
    on stretches.price_key = variants.price_key
