-- grain: one row per provider, account, invoice, currency and step of the way from the rated cost to the bill
{% set variances = [
    'coverage', 'quantity', 'price', 'tier', 'timing', 'credit', 'non_token', 'rounding', 'unexplained'
] %}
with summed as (

    select
        provider_id,
        billing_account_id,
        billing_month,
        invoice_id,
        billing_currency,
        {{ for_each(variances, 'sum(@_variance_usd) as @_usd') }},
        sum(rated_cost_usd) as rated_cost_usd,
        sum(billed_cost_usd) as billed_cost_usd
    from {{ ref('reconciliation') }}
    where invoice_id is not null
    group by 1, 2, 3, 4, 5

)

{% for step in ['rated_cost'] + variances + ['billed_cost'] -%}
    select
        provider_id,
        billing_account_id,
        billing_month,
        invoice_id,
        billing_currency,
        cast({{ loop.index }} as bigint) as step_number,
        '{{ step }}' as step,
        cast({{ step }}_usd as decimal(38, 12)) as amount_usd
    from summed
    {{ 'union all' if not loop.last }}
{% endfor %}
