-- grain: one row per line of seeds/price_overrides.csv as the book knows it now
select
    overrides.line_number,
    overrides.effect,
    overrides.provider_id,
    overrides.model_id,
    overrides.billing_account_id,
    overrides.project_id,
    overrides.api_key_id,
    overrides.deployment_id,
    overrides.service_tier,
    overrides.usage_kind,
    overrides.price,
    overrides.per_units,
    overrides.currency,
    overrides.discount,
    overrides.precedence,
    overrides.valid_from_date,
    overrides.valid_to_date,
    overrides.learned_at,
    overrides.note
from {{ ref('stg_prices__overrides') }} as overrides
inner join {{ ref('int_book_editions') }} as editions
    on
        overrides.snapshot_id = editions.snapshot_id
        and editions.table_name = 'prices__overrides'
        and editions.valid_to_date = date '2100-01-01'
