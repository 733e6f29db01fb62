-- INV3: of a commitment, the effective cost of its use, used and unused, is what its purchases were billed. Only of
-- those whose purchases are there and over: a year of which three months are loaded is recognised in part. The bill is
-- the provider's: this warns and stops nothing.
{{ config(severity='warn') }}
with commitments as (

    select
        provider_id,
        commitment_discount_id,
        billing_currency,
        sum(case when charge_category = 'Purchase' then billed_cost else 0 end) as purchased_cost,
        sum(case when charge_category = 'Usage' then effective_cost else 0 end) as recognised_cost,
        max(case when charge_category = 'Purchase' then charge_period_end_at end) as purchased_until_at
    from {{ ref('fct_charges') }}
    where commitment_discount_id is not null
    group by 1, 2, 3

),

bills as (

    select
        provider_id,
        max(charge_period_end_at) as billed_until_at
    from {{ ref('fct_charges') }}
    where charge_category = 'Usage'
    group by 1

)

select commitments.*
from commitments
inner join bills on commitments.provider_id = bills.provider_id
where
    commitments.purchased_until_at <= bills.billed_until_at
    and commitments.purchased_cost <> commitments.recognised_cost
