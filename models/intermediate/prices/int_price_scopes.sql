-- grain: one row per scope of calls on the touched dates and stretch of usage days: which line of prices is theirs
{{ config(materialized='table') }}
-- `price_key` names the list price and every override and uplift on it: scopes with the same terms share their prices.
with terms as (

    select
        scope_id,
        {{ sorted_list('term_id') }} as term_ids,
        max(case when gives_price then 1 else 0 end) = 1 as gives_price
    from {{ ref('int_scope_terms') }}
    group by 1

),

placed as (

    select
        {{ for_each(price_scope(), 'scopes.@') }},
        scopes.scope_id,
        scopes.valid_from_date,
        scopes.valid_to_date,
        scopes.price_tier,
        terms.term_ids,
        -- a model that no catalogue knows has the price that an override gives it
        scopes.price_model_id is not null or coalesce(terms.gives_price, false) as is_placed,
        case when scopes.price_model_id is null then 'price_overrides' else scopes.price_source end as price_source,
        coalesce(scopes.price_provider_id, scopes.provider_id) as price_provider_id,
        coalesce(scopes.price_model_id, scopes.model_id) as price_model_id
    from {{ ref('int_called_scopes') }} as scopes
    left join terms
        on scopes.scope_id = terms.scope_id

),

named as (

    select
        *,
        case
            when is_placed
                then concat_ws('|', price_source, price_provider_id, price_model_id, price_tier, term_ids)
        end as price_key
    from placed

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
