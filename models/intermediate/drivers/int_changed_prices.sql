-- grain: one row per feature, workload, model and changed price: a week of its calls, beside what they cost before
{{ config(materialized='table') }}
-- prices change seldom: calls of other weeks, and at other prices, are not looked at
{% set calls = calls_by_workload(
    'calls.usage_date in (select weeks.usage_date from weeks)'
    ' and calls.price_id in (select changes.price_id from changes)'
) %}
{% set key = ['feature_id', 'workload', 'provider_id', 'model_id'] %}
{% set tokens = priced_tokens().values() %}
with changes as (

    select
        later.price_id,
        later.valid_from_date as changed_date,
        earlier.price_id as earlier_price_id
    from {{ ref('int_rate_card') }} as later
    inner join {{ ref('int_rate_card') }} as earlier
        on
            later.price_key = earlier.price_key
            and later.daily_from_second = earlier.daily_from_second
            and later.above_tokens = earlier.above_tokens
            and later.valid_from_date = earlier.valid_to_date
    where {{ for_each(usage_kind_names(), 'later.@_price is distinct from earlier.@_price', ' or ') }}

),

weeks as (

    select distinct dates.usage_date
    from {{ ref('dim_dates') }} as dates
    inner join changes
        on dates.usage_date >= changes.changed_date and dates.usage_date < changes.changed_date + interval 7 day

),

-- each call of the first week beside what it would have cost before
rated as (

    select
        {{ for_each(key, 'requests.@') }},
        changes.price_id,
        changes.earlier_price_id,
        changes.changed_date,
        requests.usage_date,
        {{ for_each(tokens, 'requests.@') }},
        requests.contracted_cost_usd,
        {{ usage_cost() }} as earlier_cost
    from changes
    inner join {{ calls }} as requests on changes.price_id = requests.price_id
    inner join {{ ref('int_rate_card') }} as prices on changes.earlier_price_id = prices.price_id
    where
        requests.usage_date < changes.changed_date + interval 7 day
        and requests.contracted_cost_usd is not null

)

select
    {{ for_each(key, 'rated.@') }},
    rated.changed_date,
    rated.price_id,
    rated.earlier_price_id,
    {{ for_each(tokens, 'sum(rated.@) as @') }},
    max(rated.usage_date) as last_date,
    cast(sum(rated.contracted_cost_usd) as decimal(38, 12)) as actual_usd,
    cast(sum({{ converted('rated.earlier_cost') }}) as decimal(38, 12)) as earlier_usd
from rated
{{ dollar_rates('rated') }}
-- what had no price before is no rise
where rated.earlier_cost is not null
group by 1, 2, 3, 4, 5, 6, 7
