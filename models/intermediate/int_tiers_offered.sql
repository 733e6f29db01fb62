-- grain: one row per priced model and service tier other than standard
-- When a tier was offered: from rule_from_date to rule_to_date at a factor of the standard price
-- (seeds/price_variant_rules.csv), from catalogue_from_date at the catalogue's own price, else at the standard price.
with catalogue as (

    select * from {{ ref('stg_prices__model_prices') }}

),

rule_dates as (

    select
        provider_id,
        service_tier,
        min(valid_from_date) as rule_from_date,
        max(valid_to_date) as rule_to_date
    from {{ ref('price_variant_rules') }}
    group by 1, 2

),

named_tiers as (

    select
        provider_id,
        model_id,
        service_tier,
        valid_from_date as catalogue_from_date
    from catalogue
    where service_tier <> 'standard'
    union all
    -- a model that was retired before the catalogue knew the tier
    select
        catalogue.provider_id,
        catalogue.model_id,
        rule_dates.service_tier,
        date '2100-01-01' as catalogue_from_date
    from catalogue
    inner join rule_dates on catalogue.provider_id = rule_dates.provider_id

)

select
    named_tiers.provider_id,
    named_tiers.model_id,
    named_tiers.service_tier,
    min(named_tiers.catalogue_from_date) as catalogue_from_date,
    -- three stretches lie before it: not offered yet, by rule, and what a rule leaves open
    least(
        coalesce(max(rule_dates.rule_from_date), min(named_tiers.catalogue_from_date)),
        min(named_tiers.catalogue_from_date)
    ) as rule_from_date,
    least(
        coalesce(max(rule_dates.rule_to_date), min(named_tiers.catalogue_from_date)),
        min(named_tiers.catalogue_from_date)
    ) as rule_to_date
from named_tiers
left join rule_dates
    on named_tiers.provider_id = rule_dates.provider_id and named_tiers.service_tier = rule_dates.service_tier
group by 1, 2, 3
