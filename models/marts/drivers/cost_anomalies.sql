-- grain: one row per anomaly, from its first day to its last
{% set of = ['anomaly_id', 'kind', 'feature_id', 'workload'] %}
{% set places = anomaly_places() %}
with deviations as (

    select
        anomaly_id,
        max(deviation_sigmas) as deviation_sigmas,
        min(history_days) as history_days,
        max(times_before) as times_before
    from {{ ref('int_anomaly_drivers') }}
    group by 1

),

prices as (

    select
        told_by,
        {{ sorted_list('detail') }} as detail
    from {{ ref('int_price_changes') }}
    group by 1

),

anomalies as (

    select
        {{ for_each(of, 'anomalies.@') }},
        cast(null as string) as owner_id,
        anomalies.started_date,
        anomalies.last_date,
        anomalies.day_count,
        causes.cause,
        causes.cause_usd,
        causes.causes,
        {{ settled('anomalies.actual_usd') }} as actual_usd,
        causes.excess_usd,
        {{ for_each(places, 'places.@') }},
        round(places.excess_share, 9) as place_share,
        prices.detail,
        deviations.deviation_sigmas,
        deviations.history_days,
        deviations.times_before
    from {{ ref('int_anomalies') }} as anomalies
    inner join {{ ref('int_anomaly_causes') }} as causes on anomalies.anomaly_id = causes.anomaly_id
    inner join deviations on anomalies.anomaly_id = deviations.anomaly_id
    left join {{ ref('int_anomaly_places') }} as places on anomalies.anomaly_id = places.anomaly_id
    left join prices on anomalies.anomaly_id = prices.told_by
    union all
    select
        {{ for_each(of, '@') }},
        owner_id,
        started_date,
        last_date,
        day_count,
        cause,
        excess_usd as cause_usd,
        cause as causes,
        actual_usd,
        excess_usd,
        customer_id,
        model_id,
        cast(null as string) as region_id,
        cast(null as string) as api_key_id,
        cast(null as string) as prompt_version,
        cast(null as double) as place_share,
        detail,
        cast(null as double) as deviation_sigmas,
        cast(null as bigint) as history_days,
        cast(null as double) as times_before
    from {{ ref('int_anomaly_notices') }}

),

judged as (

    select distinct
        anomaly_id,
        verdict
    from {{ ref('int_anomaly_feedback') }}

)

select
    {{ for_each(of, 'anomalies.@') }},
    coalesce(anomalies.owner_id, owned.owner_id) as owner_id,
    anomalies.started_date,
    anomalies.last_date,
    anomalies.last_date >= newest.last_date - interval 1 day as is_open,
    anomalies.day_count,
    anomalies.cause,
    cast(anomalies.cause_usd as decimal(38, 12)) as cause_usd,
    anomalies.causes,
    cast(anomalies.actual_usd as decimal(38, 12)) as actual_usd,
    cast(anomalies.actual_usd - anomalies.excess_usd as decimal(38, 12)) as expected_usd,
    cast(anomalies.excess_usd as decimal(38, 12)) as excess_usd,
    {{ for_each(places, 'anomalies.@') }},
    anomalies.place_share,
    anomalies.detail,
    changes.deployment_id,
    changes.deployed_date,
    changes.new_prompt_version,
    changes.prompt_changed_date,
    anomalies.deviation_sigmas,
    cast(anomalies.history_days as bigint) as history_days,
    anomalies.history_days < 28 as is_low_history,
    anomalies.times_before,
    judged.verdict as feedback
from anomalies
cross join (select max(usage_date) as last_date from {{ ref('cost_drivers') }}) as newest
left join {{ owners_of('anomalies') }} as owned on anomalies.feature_id = owned.feature_id
left join {{ ref('int_anomaly_changes') }} as changes on anomalies.anomaly_id = changes.anomaly_id
left join judged on anomalies.anomaly_id = judged.anomaly_id
