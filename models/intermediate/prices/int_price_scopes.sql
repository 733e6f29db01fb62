-- grain: one row per scope of calls on the touched dates and stretch of usage days: which line of prices is theirs
{{ config(materialized='table') }}
-- `price_key` names the list price and every override and uplift on it: scopes with the same terms share their prices.
with terms as (

    select
        scope_id,
        {{ sorted_list('term_id') }} as term_ids
    from {{ ref('int_scope_terms') }}
    group by 1

),

named as (

    select
        scopes.*,
        case
            when scopes.price_model_id is not null
                then concat_ws(
                    '|', scopes.price_source, scopes.price_provider_id, scopes.price_model_id, scopes.price_tier,
                    terms.term_ids
                )
            -- a model that no catalogue knows has the price that an override gives it
            when terms.term_ids is not null
                then concat_ws('|', 'price_overrides', scopes.provider_id, scopes.model_id, 'standard', terms.term_ids)
        end as price_key
    from {{ ref('int_called_scopes') }} as scopes
    left join terms
        on scopes.scope_id = terms.scope_id

)

select
    named.*,
    -- calls are joined by a number, which is several times faster than by a name
    case when named.price_key is not null then dense_rank() over (order by named.price_key) end as price_number,
    dimensions.uses_billing_account,
    dimensions.uses_project,
    dimensions.uses_api_key,
    dimensions.uses_deployment
from named
cross join {{ ref('int_override_dimensions') }} as dimensions
