-- grain: one row per priced model, service tier, usage kind, context threshold and stretch of time
{{ config(materialized='table') }}
-- Every tier that a model was ever offered in has a price on every day: the catalogue's own; before the date on which
-- the catalogue verified it, by the rules of seeds/price_variant_rules.csv; else the standard price, which is what a
-- call in an unknown tier is billed.
with catalogue as (

    select * from {{ ref('stg_prices__model_prices') }}

),

rules as (

    select * from {{ ref('price_variant_rules') }}

),

offered as (

    select * from {{ ref('int_tiers_offered') }}

),

earlier as (

    select
        standard.*,
        offered.service_tier as offered_tier,
        offered.rule_from_date,
        offered.rule_to_date,
        offered.catalogue_from_date,
        coalesce(rules.factor, 1) as factor
    from catalogue as standard
    inner join offered
        on standard.provider_id = offered.provider_id and standard.model_id = offered.model_id
    left join rules
        on
            offered.provider_id = rules.provider_id
            and offered.service_tier = rules.service_tier
            and standard.usage_kind = rules.usage_kind
    where standard.service_tier = 'standard'

),

stretches as (

    select
        *,
        'standard' as stretch,
        valid_from_date as from_date,
        least(valid_to_date, rule_from_date) as to_date
    from earlier
    union all
    select
        *,
        'rule' as stretch,
        greatest(valid_from_date, rule_from_date) as from_date,
        least(valid_to_date, rule_to_date) as to_date
    from earlier
    union all
    select
        *,
        'standard' as stretch,
        greatest(valid_from_date, rule_to_date) as from_date,
        least(valid_to_date, catalogue_from_date) as to_date
    from earlier

)

select
    provider_id,
    model_id,
    service_tier,
    usage_kind,
    tier_start_tokens,
    unit_price_usd,
    valid_from_date,
    valid_to_date,
    daily_from_second,
    daily_to_second,
    price_source,
    source_version
from catalogue
union all
select
    provider_id,
    model_id,
    offered_tier as service_tier,
    usage_kind,
    tier_start_tokens,
    cast(
        cast(unit_price_usd as decimal(18, 15))
        * cast(case when stretch = 'rule' then factor else 1 end as decimal(6, 3)) as decimal(18, 15)
    ) as unit_price_usd,
    from_date as valid_from_date,
    to_date as valid_to_date,
    daily_from_second,
    daily_to_second,
    case when stretch = 'rule' then 'price_variant_rules' else price_source end as price_source,
    source_version
from stretches
where from_date < to_date
