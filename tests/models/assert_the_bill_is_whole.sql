-- Every line that landed is a charge, and the money of every invoice, billed and effective, is the bill's.
-- Two sources tell a line again; that the others of it are charges is in tests of their own.
with landed as (

    select sum(row_count) as row_count
    from {{ ref('stg_landing__files') }}
    where
        table_name like '%__charges' and change <> 'gone'
        and table_name not in ('azure_cost__charges', 'gcp_billing__charges')

),

lines as (

    -- what staging says, by way of their union: a test of a staging model without files is not run
    select * from {{ ref('int_charges_unioned') }}

),

billed as (

    select
        -- a page of a lab need not say whose it is
        coalesce(billing_account_id, '(unknown)') as billing_account_id,
        billing_currency,
        billing_period_start_at,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost
    from lines
    group by 1, 2, 3

),

charged as (

    select
        coalesce(billing_account_id, '(unknown)') as billing_account_id,
        billing_currency,
        billing_period_start_at,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_charges') }}
    group by 1, 2, 3

)

select
    coalesce(billed.billing_account_id, charged.billing_account_id) as billing_account_id,
    billed.billed_cost,
    charged.billed_cost as charged_cost
from billed
full join charged
    on
        billed.billing_account_id = charged.billing_account_id
        and billed.billing_currency = charged.billing_currency
        and billed.billing_period_start_at = charged.billing_period_start_at
where
    billed.billed_cost is distinct from charged.billed_cost
    or billed.effective_cost is distinct from charged.effective_cost
union all
select
    'rows' as billing_account_id,
    cast(landed.row_count as decimal(38, 12)) as billed_cost,
    cast(charges.row_count as decimal(38, 12)) as charged_cost
from landed
cross join (
    select count(*) as row_count
    from {{ ref('fct_charges') }}
    where source_id not in ('azure_cost', 'gcp_billing')
) as charges
where coalesce(landed.row_count, 0) <> charges.row_count
