-- grain: one row per provider, billing account and month: what stands between its bill and a close
with sides as (

    select
        provider_id,
        billing_account_id,
        billing_month as month,
        max(case when invoice_id is not null then 1 else 0 end) as has_bill,
        -- a bill without the number of an invoice may still change
        max(case when invoice_id = '(none)' then 1 else 0 end) as has_open_invoice,
        count(distinct case when invoice_id <> '(none)' then invoice_id end) as invoice_count,
        max(case when line_count > 0 and charge_kind = 'use' and not is_monthly then billing_date end)
            as billed_through_date,
        sum(rated_cost_usd) as rated_cost_usd,
        sum(billed_cost_usd) as billed_cost_usd,
        sum(case when charge_kind = 'use' then billed_cost_usd else 0 end) as billed_use_usd,
        sum(requests_cost_usd) as requests_cost_usd,
        sum(unattributed_cost_usd) as unattributed_cost_usd,
        sum(estimated_cost_usd) as estimated_cost_usd,
        sum(coverage_variance_usd) as coverage_variance_usd,
        sum(abs(unexplained_variance_usd)) as unexplained_usd,
        sum(case when charge_kind = 'unclassified' then billed_cost_usd else 0 end) as unclassified_cost_usd
    from {{ ref('reconciliation') }}
    group by 1, 2, 3

),

restated as (

    select
        charges.provider_id,
        coalesce(restatements.billing_account_id, '(unknown)') as billing_account_id,
        cast(date_trunc('month', restatements.billing_period_start_at) as date) as month,
        count(*) as restatement_count,
        max(restatements.restated_at) as last_restated_at
    from {{ ref('restatements') }} as restatements
    inner join (
        select distinct
            source_id,
            provider_id,
            coalesce(billing_account_id, '(unknown)') as billing_account_id
        from {{ ref('fct_charges') }}
    ) as charges
        on
            restatements.source_id = charges.source_id
            and coalesce(restatements.billing_account_id, '(unknown)') = charges.billing_account_id
    group by 1, 2, 3

)

select
    sides.provider_id,
    sides.billing_account_id,
    sides.month,
    sides.has_bill = 1 as has_bill,
    sides.has_open_invoice = 1 as has_open_invoice,
    cast(sides.invoice_count as bigint) as invoice_count,
    sides.billed_through_date,
    {{ for_each([
        'rated_cost_usd', 'billed_cost_usd', 'billed_use_usd', 'requests_cost_usd', 'unattributed_cost_usd',
        'estimated_cost_usd', 'coverage_variance_usd', 'unclassified_cost_usd',
    ], 'cast(sides.@ as decimal(38, 12)) as @') }},
    cast(sides.unexplained_usd as decimal(38, 12)) as unexplained_variance_usd,
    {{ ratio('sides.requests_cost_usd', 'sides.billed_use_usd') }} as coverage_share,
    cast(coalesce(restated.restatement_count, 0) as bigint) as restatement_count,
    restated.last_restated_at,
    closed.closed_at,
    coalesce(restated.last_restated_at > closed.closed_at, false) as is_restated_after_close
from sides
left join restated
    on
        sides.provider_id = restated.provider_id
        and sides.billing_account_id = restated.billing_account_id
        and sides.month = restated.month
left join {{ ref('closed_periods') }} as closed on sides.month = closed.month
