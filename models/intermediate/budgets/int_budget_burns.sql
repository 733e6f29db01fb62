-- grain: one row per budget and month in which it is used up, will be at the rate of the last week, or nearly is
with told as (

    select
        *,
        {{ for_each(
            ['spent_usd', 'amount_usd', 'expected_usd'], 'cast(cast(@ as decimal(38, 2)) as string) as @_text'
        ) }}
    from {{ ref('int_budget_months') }}
    where budget_state <> 'within'

)

select
    {{ anomaly_id('budget', ['budget_id', 'month']) }} as anomaly_id,
    'budget' as kind,
    case dimension when 'feature' then member_id else '(all)' end as feature_id,
    case dimension when 'workload' then member_id else 'production' end as workload,
    owner_id,
    {{ for_each(['customer', 'model'], "case dimension when '@' then member_id end as @_id") }},
    since_date as started_date,
    as_of_date as last_date,
    cast({{ day_number('as_of_date') }} - {{ day_number('since_date') }} + 1 as bigint) as day_count,
    budget_state as cause,
    coalesce(expected_usd, spent_usd) as actual_usd,
    cast(coalesce(expected_usd, spent_usd) - amount_usd as decimal(38, 12)) as excess_usd,
    concat(
        budget_id, ' of ', dimension, ' ', member_id, ' is ', replace(budget_state, '_', ' '), ': ', spent_usd_text,
        ' of ', amount_usd_text, ' {{ var("reporting_currency") }} spent by ', cast(as_of_date as string),
        case
            when days_left > 0 and expected_usd is not null
                then concat(', at the rate of the last week ', expected_usd_text, ' by the end of the month')
            else ''
        end,
        case when used_up_date is not null then concat(', used up on ', cast(used_up_date as string)) else '' end
    ) as detail
from told
