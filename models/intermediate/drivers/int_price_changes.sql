-- grain: one row per feature, workload, model and day on which its price rose: what that cost in the first week
{{ config(materialized='table') }}
{% set key = ['feature_id', 'workload', 'provider_id', 'model_id'] %}
-- what it was and is, of what was used
with worded as (

    select
        summed.*,
        concat_ws(
            ', ',
            {% for kind, used in priced_tokens().items() %}
                case
                    when summed.{{ used }} > 0 and later.{{ kind }}_price is distinct from earlier.{{ kind }}_price
                        then concat(
                            '{{ kind | replace("_", " ") }}',
                            ' from ', cast(cast(earlier.{{ kind }}_price * 1000000 as decimal(18, 4)) as string),
                            ' to ', cast(cast(later.{{ kind }}_price * 1000000 as decimal(18, 4)) as string)
                        )
                end{{ ',' if not loop.last }}
            {% endfor %}
        ) as prices
    from {{ ref('int_changed_prices') }} as summed
    inner join {{ ref('int_rate_card') }} as later on summed.price_id = later.price_id
    inner join {{ ref('int_rate_card') }} as earlier on summed.earlier_price_id = earlier.price_id

),

-- of the prices of a model, by tier, context or account, those that cost most are named
changed as (

    select
        {{ for_each(key, '@') }},
        changed_date,
        max(last_date) as last_date,
        cast({{ day_number('max(last_date)') }} - {{ day_number('changed_date') }} + 1 as bigint) as day_count,
        cast(sum(actual_usd) as decimal(38, 12)) as actual_usd,
        cast(sum(actual_usd - earlier_usd) as decimal(38, 12)) as excess_usd,
        max_by(prices, actual_usd - earlier_usd) as prices
    from worded
    group by 1, 2, 3, 4, 5

),

-- an episode of drivers beyond their limits tells it where prices are its cause
episodes as (

    select
        episodes.usage_date,
        episodes.feature_id,
        episodes.workload,
        episodes.anomaly_id
    from {{ ref('int_anomaly_episodes') }} as episodes
    inner join {{ ref('int_anomaly_causes') }} as causes on episodes.anomaly_id = causes.anomaly_id
    where causes.cause in ('price', 'discount')

)

select
    {{ anomaly_id(
        'price_change', ['changed.feature_id', 'changed.workload', 'provider_id', 'model_id', 'changed_date']
    ) }} as anomaly_id,
    'price_change' as kind,
    changed.feature_id,
    changed.workload,
    changed.model_id,
    changed.changed_date as started_date,
    changed.last_date,
    changed.day_count,
    changed.actual_usd,
    changed.excess_usd,
    concat(
        changed.model_id, ' of ', changed.provider_id, ' costs more since ', cast(changed.changed_date as string),
        case when changed.prices = '' then '' else concat(': ', changed.prices, ' USD a million tokens') end
    ) as detail,
    min(episodes.anomaly_id) as told_by
from changed
left join episodes
    on
        changed.feature_id = episodes.feature_id
        and changed.workload = episodes.workload
        and episodes.usage_date between changed.changed_date and changed.last_date
where changed.excess_usd >= {{ var('anomaly_floor_usd') }} * changed.day_count
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
