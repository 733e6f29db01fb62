-- grain: one row per price key, override line or uplift rule on it, and stretch of usage days
{{ config(materialized='table') }}
with terms as (

    select distinct
        scopes.price_key,
        terms.term_kind,
        terms.term_id
    from {{ ref('int_scope_terms') }} as terms
    inner join {{ ref('int_price_scopes') }} as scopes
        on terms.scope_id = scopes.scope_id
    where scopes.price_key is not null

)

select
    terms.price_key,
    overrides.line_number,
    overrides.effect,
    overrides.precedence,
    overrides.usage_kind,
    overrides.unit_price_usd,
    overrides.discount,
    cast(null as decimal(6, 3)) as factor,
    overrides.exchange_rate,
    overrides.exchange_rate_date,
    overrides.exchange_rate_source,
    overrides.valid_from_date,
    overrides.valid_to_date
from terms
inner join {{ ref('int_override_terms') }} as overrides
    on terms.term_id = overrides.term_id and terms.term_kind = 'override'
union all
select
    terms.price_key,
    null as line_number,
    'uplift' as effect,
    null as precedence,
    null as usage_kind,
    null as unit_price_usd,
    null as discount,
    rules.factor,
    null as exchange_rate,
    null as exchange_rate_date,
    null as exchange_rate_source,
    rules.valid_from_date,
    rules.valid_to_date
from terms
inner join {{ ref('int_uplift_terms') }} as rules
    on terms.term_id = rules.term_id and terms.term_kind = 'uplift'
