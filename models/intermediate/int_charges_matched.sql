-- grain: one row per billing line
-- A meter of AWS says its model and kind in its name. What was consumed is in tokens then: a unit of the bill holds
-- one, a thousand or a million of them, as it says; `Units` of the Marketplace are a million ("Million Input Tokens").
-- Where the unit is another, the quantity is unknown; what was billed stays in pricing_quantity.
with metered as (

    select
        charges.*,
        meters.usage_kind as metered_kind,
        meters.model_id as metered_model,
        meters.service_tier as metered_tier,
        case
            when lower(charges.pricing_unit) in ('token', 'tokens') then 1
            when lower(charges.pricing_unit) in ('1k token', '1k tokens', '1000 tokens') then 1000
            when lower(charges.pricing_unit) in ('1m token', '1m tokens', '1000000 tokens') then 1000000
            when lower(charges.pricing_unit) = 'units' and meters.meter_shape = 'marketplace' then 1000000
        end as tokens_per_unit
    from {{ ref('int_charges_unioned') }} as charges
    left join {{ ref('int_aws_meters') }} as meters
        on
            charges.source_id = 'aws_cur'
            and charges.sku_meter = meters.sku_meter
            and coalesce(charges.service_name, '') = meters.service_name

)

select
    {{ for_each(
        canonical_columns('charges').keys()
        | reject('in', ['model_id', 'usage_kind', 'service_tier', 'consumed_quantity', 'consumed_unit']) | list,
        'metered.@'
    ) }},
    coalesce(metered.model_id, metered.metered_model) as model_id,
    coalesce(metered.usage_kind, metered.metered_kind) as usage_kind,
    coalesce(metered.service_tier, metered.metered_tier) as service_tier,
    case
        when metered.metered_kind is null then metered.consumed_quantity
        -- a quantity is a double there: past the twelfth digit it is noise
        else cast(
            cast(metered.consumed_quantity as decimal(26, 12)) * cast(metered.tokens_per_unit as decimal(7, 0))
            as decimal(38, 18)
        )
    end as consumed_quantity,
    case
        when metered.metered_kind is null then metered.consumed_unit
        when metered.consumed_quantity is not null and metered.tokens_per_unit is not null then 'tokens'
    end as consumed_unit
from metered
