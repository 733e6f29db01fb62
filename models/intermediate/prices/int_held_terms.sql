-- grain: one row per price key, stretch of usage days and override line or uplift rule that holds on it
select
    stretches.price_key,
    stretches.from_date,
    terms.line_number,
    terms.effect,
    terms.precedence,
    terms.usage_kind,
    terms.unit_price_usd,
    terms.discount,
    terms.factor,
    terms.exchange_rate,
    terms.exchange_rate_date,
    terms.exchange_rate_source
from {{ ref('int_price_stretches') }} as stretches
inner join {{ ref('int_price_terms') }} as terms
    on
        stretches.price_key = terms.price_key
        and stretches.from_date >= terms.valid_from_date
        and stretches.from_date < terms.valid_to_date
