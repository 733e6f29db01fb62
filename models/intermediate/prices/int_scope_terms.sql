-- grain: one row per scope and override line or uplift rule that its calls fall under, on whatever days
{{ config(materialized='table') }}
select distinct
    scopes.scope_id,
    'override' as term_kind,
    terms.term_id,
    -- a discount of what has no price is no price
    terms.effect <> 'discount' as gives_price
from {{ ref('int_called_scopes') }} as scopes
inner join {{ ref('int_override_terms') }} as terms
    on
        (terms.provider_id is null or lower(scopes.provider_id) = terms.provider_id)
        and (
            {{ matches_pattern('scopes.model_id', 'terms.model_id') }}
            or {{ matches_pattern('scopes.price_model_id', 'terms.model_id') }}
        )
        and (terms.service_tier is null or scopes.service_tier = terms.service_tier)
        and (terms.billing_account_id is null or scopes.billing_account_id = terms.billing_account_id)
        and (terms.project_id is null or scopes.project_id = terms.project_id)
        and (terms.api_key_id is null or scopes.api_key_id = terms.api_key_id)
        and (terms.deployment_id is null or scopes.deployment_id = terms.deployment_id)
union all
select distinct
    scopes.scope_id,
    'uplift' as term_kind,
    rules.term_id,
    false as gives_price
from {{ ref('int_called_scopes') }} as scopes
inner join {{ ref('int_uplift_terms') }} as rules
    on
        scopes.price_provider_id = rules.provider_id
        and scopes.region_id = rules.region_id
        and {{ matches_pattern('scopes.price_model_id', 'rules.model_id') }}
