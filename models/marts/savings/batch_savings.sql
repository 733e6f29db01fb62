-- grain: one row per month, workload, environment, feature, provider, model and operation asked in real time
-- Only where the provider has a batch price for the model.
{% set key = ['workload', 'environment', 'feature_id', 'provider_id', 'model_id', 'operation'] %}
with months as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        {{ for_each(key, '@') }},
        sum(request_count) as request_count,
        sum(actual_cost_usd) as actual_cost_usd,
        sum(other_cost_usd) as batch_cost_usd
    from {{ ref('int_repriced_daily') }}
    where strategy = 'batch'
    group by 1, 2, 3, 4, 5, 6, 7

),

-- the first line of the seed that fits
tolerant as (

    select
        months.month,
        {{ for_each(key, 'months.@') }},
        min(rules.rule_number) as rule_number
    from months
    inner join {{ ref('latency_tolerance') }} as rules
        on
            {{ matches_pattern('months.workload', 'rules.workload') }}
            and {{ matches_pattern('lower(months.environment)', 'rules.environment') }}
            and {{ matches_pattern('lower(months.feature_id)', 'rules.feature_id') }}
            and {{ matches_pattern("coalesce(lower(months.operation), '')", 'rules.operation') }}
    group by 1, 2, 3, 4, 5, 6, 7

)

select
    months.month,
    {{ for_each(key, 'months.@') }},
    cast(months.request_count as bigint) as request_count,
    tolerant.rule_number is not null as is_tolerant,
    rules.reason,
    {% for share in ['low', 'expected', 'high'] %}
        {{ scaled_money(
            '(months.actual_cost_usd - months.batch_cost_usd)', 'coalesce(rules.' ~ share ~ '_share, 0) * 1000000'
        ) }} as {{ share }}_saving_usd,
    {% endfor %}
    cast(months.actual_cost_usd as decimal(38, 12)) as actual_cost_usd,
    cast(months.batch_cost_usd as decimal(38, 12)) as batch_cost_usd
from months
left join tolerant
    on {{ for_each(['month'] + key, 'months.@ is not distinct from tolerant.@', ' and ') }}
left join {{ ref('latency_tolerance') }} as rules on tolerant.rule_number = rules.rule_number
