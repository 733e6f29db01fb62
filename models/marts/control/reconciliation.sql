-- grain: one row per invoice, account, project, model and component (or kind of charge and meter), and day (or month)
-- What calls cost by the price book beside what was billed, in the provider's billing calendar; the difference in parts
-- that sum to it; what falls to the calls, and what stays (unattributed). Calls that no bill has yet are here, too.
{% set parts = [
    'coverage', 'quantity', 'price', 'tier', 'timing', 'credit', 'non_token', 'rounding', 'unexplained'
] %}
{% set amounts = ['rated_cost_usd', 'billed_cost', 'billed_cost_usd', 'difference_usd', 'requests_cost_usd',
    'unattributed_cost_usd', 'estimated_cost_usd'] %}
with cells as (

    select
        *,
        'use' as charge_kind,
        cast(null as string) as sku_meter,
        case when not has_requests then 'no_requests' when not has_charges then 'no_charges' else 'reconciled' end
            as reconciliation_status,
        cell_date as billing_date,
        billed_cost_usd - rated_cost_usd as difference_usd,
        0 as non_token_usd,
        due_usd as requests_cost_usd,
        billed_cost_usd - timing_usd - due_usd as unattributed_cost_usd,
        0 as estimated_cost_usd
    from {{ ref('int_cells_reconciled') }}

),

beside as (

    select
        provider_id,
        billing_account_id,
        coalesce(sub_account_id, '(all)') as project_id,
        billing_month,
        invoice_id,
        billing_currency,
        charge_kind,
        model_key as model_id,
        component,
        sku_meter,
        billing_month as billing_date,
        true as is_monthly,
        'not_by_call' as reconciliation_status,
        count(*) as line_count,
        cast(null as decimal(38, 6)) as rated_quantity,
        cast(null as decimal(38, 6)) as billed_quantity,
        0 as rated_cost_usd,
        sum(effective_cost) as billed_cost,
        sum(effective_cost_usd) as billed_cost_usd,
        sum(effective_cost_usd) as difference_usd,
        0 as requests_cost_usd,
        sum(effective_cost_usd) as unattributed_cost_usd,
        0 as estimated_cost_usd,
        sum(case when line_class = 'credit' then effective_cost_usd else 0 end) as credit_usd,
        sum(case when line_class = 'credit' then 0 else effective_cost_usd end) as non_token_usd,
        {{ for_each(parts | reject('in', ['credit', 'non_token']) | list, '0 as @_usd') }}
    from {{ ref('int_billed_lines') }}
    where line_class <> 'usage'
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13

),

estimated as (

    select
        provider_id,
        billing_account_id,
        project_id,
        billing_month,
        cast(null as string) as invoice_id,
        cast(null as string) as billing_currency,
        'use' as charge_kind,
        model_id,
        component,
        cast(null as string) as sku_meter,
        billing_date,
        false as is_monthly,
        billing_status as reconciliation_status,
        0 as line_count,
        sum(quantity) as rated_quantity,
        cast(null as decimal(38, 6)) as billed_quantity,
        {{ for_each(amounts | reject('equalto', 'estimated_cost_usd') | list, '0 as @') }},
        sum(cost_usd) as estimated_cost_usd,
        {{ for_each(parts, '0 as @_usd') }}
    from {{ ref('int_usage_in_cells') }}
    where billing_status <> 'billed'
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13

)

{% for relation in ['cells', 'beside', 'estimated'] -%}
    select
        {{ for_each([
            'provider_id', 'billing_account_id', 'project_id', 'billing_month', 'invoice_id', 'billing_currency',
            'charge_kind', 'model_id', 'component', 'sku_meter', 'billing_date', 'is_monthly', 'reconciliation_status',
        ], '@') }},
        cast(line_count as bigint) as line_count,
        {{ for_each(['rated_quantity', 'billed_quantity'], 'cast(@ as decimal(38, 6)) as @') }},
        {{ for_each(amounts, 'cast(@ as decimal(38, 12)) as @') }},
        {{ for_each(parts, 'cast(@_usd as decimal(38, 12)) as @_variance_usd') }}
    from {{ relation }}
    {{ 'union all' if not loop.last }}
{% endfor %}
