-- Of each account and month the billed cost is all of ActualCost, where that landed. Both exports of a month that are
-- not equally old do not agree, and the lines of usage are those of AmortizedCost: so this warns and stops nothing.
{{ config(severity='warn') }}
with landed as (

    select
        billing_account_id,
        billing_period_start as billing_period_start_at,
        sum(cost) as actual_cost
    from {{ source('azure_cost', 'charges') }}
    where export_type = 'ActualCost'
    group by 1, 2

),

charged as (

    select
        billing_account_id,
        billing_period_start_at,
        sum(billed_cost) as billed_cost
    from {{ ref('fct_charges') }}
    where source_id = 'azure_cost'
    group by 1, 2

)

select
    landed.*,
    charged.billed_cost
from landed
left join charged
    on
        landed.billing_account_id = charged.billing_account_id
        and landed.billing_period_start_at = charged.billing_period_start_at
where charged.billed_cost is null or charged.billed_cost <> landed.actual_cost
