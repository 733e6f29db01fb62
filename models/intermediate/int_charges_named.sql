-- grain: one row per billing line
-- The provider by the name that calls have for it. Model, usage kind and service tier from the text of meter or SKU,
-- where a rule of seeds/ tells: for each of them the first rule that matches; one without a value says that it is not
-- known. What the line tells itself stays.
with rules as (

    select
        'azure_cost' as source_id,
        *
    from {{ ref('azure_meters') }}
    union all
    select
        'gcp_billing' as source_id,
        *
    from {{ ref('gcp_skus') }}
    union all
    select
        'focus' as source_id,
        *
    from {{ ref('focus_skus') }}
    union all
    select
        'generic' as source_id,
        *
    from {{ ref('focus_skus') }}

),

meters as (

    select distinct
        source_id,
        service_name,
        charge_description,
        sku_meter,
        lower(service_name) as service_text,
        lower(concat_ws(' | ', charge_description, sku_meter)) as meter_text
    from {{ ref('int_charges_matched') }}
    where service_name is not null and sku_meter is not null

),

matched as (

    select
        meters.source_id,
        meters.service_name,
        meters.charge_description,
        meters.sku_meter,
        rules.column_name,
        min_by(
            case
                when rules.value = '$1' then regexp_extract(meters.meter_text, rules.pattern, 1)
                else coalesce(rules.value, '')
            end,
            rules.rule_number
        ) as value
    from meters
    inner join rules
        on
            meters.source_id = rules.source_id
            and {{ matches_regex('meters.service_text', 'rules.service_pattern') }}
            and {{ matches_regex('meters.meter_text', 'rules.pattern') }}
    group by 1, 2, 3, 4, 5

),

named as (

    select
        source_id,
        service_name,
        charge_description,
        sku_meter,
        {{ for_each(
            ['model_id', 'usage_kind', 'service_tier'],
            "nullif(max(case when column_name = '@' then value end), '') as @"
        ) }}
    from matched
    group by 1, 2, 3, 4

)

select
    {{ for_each(
        canonical_columns('charges').keys()
        | reject('in', ['provider_id', 'model_id', 'usage_kind', 'service_tier']) | list,
        'charges.@'
    ) }},
    coalesce(providers.provider_id, charges.provider_id) as provider_id,
    coalesce(charges.model_id, named.model_id) as model_id,
    coalesce(charges.usage_kind, named.usage_kind) as usage_kind,
    coalesce(charges.service_tier, named.service_tier) as service_tier
from {{ ref('int_charges_matched') }} as charges
left join named
    on
        charges.source_id = named.source_id
        and charges.service_name = named.service_name
        and charges.sku_meter = named.sku_meter
        and coalesce(charges.charge_description, '') = coalesce(named.charge_description, '')
left join {{ ref('billing_providers') }} as providers on charges.provider_id = providers.billed_as
