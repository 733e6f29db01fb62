-- grain: one row per rule of seeds/price_uplift_rules.csv and stretch of usage days
select
    concat(rules.rule_id, '@', right(rules.snapshot_id, 8)) as term_id,
    rules.provider_id,
    rules.model_id,
    rules.region_id,
    rules.factor,
    greatest(rules.valid_from_date, editions.valid_from_date) as valid_from_date,
    least(rules.valid_to_date, editions.valid_to_date) as valid_to_date
from {{ ref('stg_prices__uplifts') }} as rules
inner join {{ ref('int_book_editions') }} as editions
    on
        rules.snapshot_id = editions.snapshot_id
        and editions.table_name = 'prices__uplifts'
        and rules.valid_from_date < editions.valid_to_date
        and rules.valid_to_date > editions.valid_from_date
