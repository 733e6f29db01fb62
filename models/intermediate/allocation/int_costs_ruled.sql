-- grain: one row per charge that no call is told to have cost, and per rest of a cell that calls cost a part of
{{ config(materialized='table') }}
-- Where its cost goes: into the pool whose rule takes it, else to the customer and feature that attribution rules set
-- (`is_attributed`), else nowhere. Use that no call was logged for is looked at by its charges; what the calls of a
-- cell leave over has none of its own, and is nobody's.
{% set wording = ['provider_id', 'billing_account_id', 'charge_kind', 'line'] %}
{% set whose = ['customer_id', 'feature_id', 'team_id', 'environment'] %}
with cells as (

    select
        *,
        not has_requests and timing_usd = 0 as is_unlogged,
        lower(concat_ws(' | ', model_id, component)) as line,
        case when is_monthly then billing_month else cell_date end as first_date,
        case when is_monthly then last_day(billing_month) else cell_date end as last_date
    from {{ ref('int_cells_reconciled') }}

),

lines as (

    select
        charge_id,
        {{ for_each(wording + whose + ['is_unused', 'first_date', 'last_date'], '@') }},
        effective_cost_usd as amount_usd
    from {{ ref('int_billed_lines') }}
    where line_class <> 'usage'
    union all
    select
        charges.charge_id,
        charges.provider_id,
        charges.billing_account_id,
        'inference' as charge_kind,
        cells.line,
        {{ for_each(whose, 'charges.@') }},
        false as is_unused,
        cells.first_date,
        cells.last_date,
        used.effective_cost_usd as amount_usd
    from {{ ref('int_billed_use') }} as used
    inner join {{ ref('int_billed_lines') }} as charges on used.charge_id = charges.charge_id
    inner join cells
        on
            cells.is_unlogged
            and coalesce(used.project_id, '') = coalesce(cells.project_id, '')
            and {{ for_each(
                cell_key() | reject('equalto', 'project_id') | list + ['invoice_id', 'billing_currency'],
                'used.@ = cells.@', ' and '
            ) }}
    union all
    select
        cast(null as string) as charge_id,
        provider_id,
        billing_account_id,
        'inference' as charge_kind,
        line,
        '(unattributed)' as customer_id,
        '(unattributed)' as feature_id,
        '(unattributed)' as team_id,
        'production' as environment,
        false as is_unused,
        first_date,
        last_date,
        sum(billed_cost_usd - timing_usd - due_usd) as amount_usd
    from cells
    where not is_unlogged
    group by 2, 3, 5, 11, 12

),

candidates as (

    select
        wordings.*,
        rules.rule_number,
        rules.valid_from_date,
        rules.valid_to_date
    from (select distinct {{ for_each(wording, '@') }} from lines) as wordings
    inner join {{ ref('allocation_rules') }} as rules
        on
            {{ matches_pattern('wordings.charge_kind', 'rules.charge_kind') }}
            and {{ matches_pattern('wordings.provider_id', 'rules.charge_provider_id') }}
            and {{ matches_pattern('wordings.billing_account_id', 'rules.billing_account_id') }}
            and {{ matches_pattern('wordings.line', 'rules.line') }}

),

ruled as (

    select
        lines.charge_id,
        {{ for_each(wording + whose + ['is_unused', 'first_date', 'last_date', 'amount_usd'], 'lines.@') }},
        min(candidates.rule_number) as rule_number
    from lines
    left join candidates
        on
            {{ for_each(wording, 'lines.@ = candidates.@', ' and ') }}
            and lines.first_date >= candidates.valid_from_date
            and lines.first_date < candidates.valid_to_date
    where lines.amount_usd <> 0
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13

)

select
    *,
    rule_number is null and (customer_id <> '(unattributed)' or feature_id <> '(unattributed)') as is_attributed
from ruled
