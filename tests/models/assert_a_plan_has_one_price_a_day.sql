-- Two prices of a plan on one day would count its customers twice; a line that ends before it begins holds on no day.
select
    prices.plan_id,
    prices.valid_from_date,
    prices.valid_to_date,
    others.valid_from_date as other_valid_from_date
from {{ ref('plan_prices') }} as prices
left join {{ ref('plan_prices') }} as others
    on
        prices.plan_id = others.plan_id
        and prices.valid_from_date < others.valid_from_date
        and prices.valid_to_date > others.valid_from_date
where others.plan_id is not null or prices.valid_from_date >= prices.valid_to_date
