-- grain: one row per wording of billing lines
{{ config(materialized='table') }}
-- The first rule of seeds/charge_rules.csv that fits names what a line is for. Bills repeat themselves: the rules look
-- at each wording once.
with wordings as (

    select
        {{ charge_wording('charges') }} as wording,
        lower(max(charge_category)) as charge_category,
        coalesce(lower(max(charge_class)), '') as charge_class,
        coalesce(lower(max(provider_id)), '') as provider_id,
        coalesce(lower(max(service_category)), '') as service_category,
        coalesce(lower(max(service_name)), '') as service_name,
        case when max(usage_kind) is null then '' else 'known' end as usage_kind,
        lower(concat_ws(' | ', max(sku_meter), max(charge_description), max(model_id))) as line
    from {{ ref('int_charges_named') }} as charges
    group by 1

),

matched as (

    select
        wordings.wording,
        rules.charge_kind,
        rules.rule_order,
        row_number() over (partition by wordings.wording order by rules.rule_order) as rule_rank
    from wordings
    left join {{ ref('charge_rules') }} as rules
        on
            {{ matches_pattern('wordings.charge_category', 'rules.charge_category') }}
            and {{ matches_pattern('wordings.charge_class', 'rules.charge_class') }}
            and {{ matches_pattern('wordings.provider_id', 'rules.provider_id') }}
            and {{ matches_pattern('wordings.service_category', 'rules.service_category') }}
            and {{ matches_pattern('wordings.service_name', 'rules.service_name') }}
            and {{ matches_pattern('wordings.usage_kind', 'rules.usage_kind') }}
            and {{ matches_pattern('wordings.line', 'rules.line') }}

)

select
    wording,
    coalesce(charge_kind, 'unclassified') as charge_kind,
    rule_order as charge_rule
from matched
where rule_rank = 1
