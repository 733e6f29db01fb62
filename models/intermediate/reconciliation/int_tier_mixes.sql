-- grain: one row per cell whose bill tells service tiers
-- What the quantities of the bill would cost at the prices that calls of each tier were rated at; of a tier that no
-- call was in, at the bill's own. What it differs from the calls at the bill's quantity is the difference of the tiers.
with billed as (

    select
        provider_id,
        billing_month,
        billing_account_id,
        project_id,
        model_id,
        component,
        cell_date,
        invoice_id,
        billing_currency,
        service_tier,
        case when count(quantity) = count(*) then {{ in_blocks('sum(quantity)', 'component') }} end as quantity,
        cast(sum(contracted_cost_usd) as decimal(38, 12)) as cost_usd
    from {{ ref('int_billed_use') }}
    where has_tiers
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

),

rated as (

    select
        provider_id,
        billing_month,
        billing_account_id,
        project_id,
        model_id,
        cell_component as component,
        cell_date,
        service_tier,
        {{ in_blocks('sum(quantity)', 'cell_component') }} as quantity,
        cast(sum(cost_usd) as decimal(38, 12)) as cost_usd
    from {{ ref('int_usage_in_cells') }}
    where billing_status = 'billed'
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

expected as (

    select
        billed.*,
        case
            when rated.quantity > 0 and rated.cost_usd > 0
                then {{ times('rated.cost_usd', exact_quotient('billed.quantity', 'rated.quantity')) }}
            else billed.cost_usd
        end as expected_cost_usd
    from billed
    left join rated
        on
            {{ for_each(cell_key() + ['service_tier'], 'billed.@ = rated.@', ' and ') }}

)

select
    provider_id,
    billing_month,
    billing_account_id,
    project_id,
    model_id,
    component,
    cell_date,
    invoice_id,
    billing_currency,
    case when count(expected_cost_usd) = count(*) then cast(sum(expected_cost_usd) as decimal(38, 12)) end
        as expected_cost_usd
from expected
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
