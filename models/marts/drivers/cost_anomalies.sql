-- grain: one row per anomaly, from its first day to its last
{% set places = ['customer_id', 'model_id', 'region_id', 'api_key_id'] %}
with days as (

    select
        episodes.anomaly_id,
        episodes.feature_id,
        episodes.workload,
        episodes.started_date,
        max(episodes.usage_date) over (partition by episodes.anomaly_id) as last_date,
        count(*) over (partition by episodes.anomaly_id) as day_count,
        row_number() over (partition by episodes.anomaly_id order by episodes.usage_date desc) as days_ago
    from {{ ref('int_anomaly_episodes') }} as episodes

),

effects as (

    select
        anomaly_id,
        cast(sum(effect_usd) as decimal(38, 12)) as excess_usd,
        max_by(effect, case when is_unusual then effect_usd end) as cause,
        cast(max(case when is_unusual then effect_usd end) as decimal(38, 12)) as cause_usd,
        {{ sorted_list("case when is_unusual and effect_usd > 0 then effect end") }} as causes
    from {{ ref('cost_anomaly_effects') }}
    group by 1

),

deviations as (

    select
        episodes.anomaly_id,
        max(days.deviation_sigmas) as deviation_sigmas,
        min(days.history_days) as history_days,
        max(days.limit_sigmas) as limit_sigmas
    from {{ ref('int_anomaly_episodes') }} as episodes
    inner join {{ ref('int_anomaly_days') }} as days
        on
            episodes.usage_date = days.usage_date
            and episodes.feature_id = days.feature_id
            and episodes.workload = days.workload
    group by 1

),

costs as (

    select
        episodes.anomaly_id,
        cast(sum(drivers.contracted_cost_usd) as decimal(38, 12)) as actual_usd
    from {{ ref('int_anomaly_episodes') }} as episodes
    inner join {{ ref('cost_drivers') }} as drivers
        on
            episodes.usage_date = drivers.usage_date
            and episodes.feature_id = drivers.feature_id
            and episodes.workload = drivers.workload
    group by 1

),

-- the first line of the seed that fits
owned as (

    select
        days.feature_id,
        min_by(owners.owner_id, owners.owner_number) as owner_id
    from days
    inner join {{ ref('owners') }} as owners
        on {{ matches_pattern('lower(days.feature_id)', 'owners.feature_id') }}
    group by 1

),

judged as (

    select distinct
        anomaly_id,
        verdict
    from {{ ref('int_anomaly_feedback') }}

)

select
    days.anomaly_id,
    'drivers' as kind,
    days.feature_id,
    days.workload,
    owners.owner_id,
    days.started_date,
    days.last_date,
    days.last_date >= newest.last_date - interval 1 day as is_open,
    cast(days.day_count as bigint) as day_count,
    effects.cause,
    effects.cause_usd,
    effects.causes,
    costs.actual_usd,
    cast(costs.actual_usd - effects.excess_usd as decimal(38, 12)) as expected_usd,
    effects.excess_usd,
    {{ for_each(places, 'places.@') }},
    places.excess_share as place_share,
    cast(null as string) as detail,
    deviations.deviation_sigmas,
    cast(deviations.history_days as bigint) as history_days,
    deviations.history_days < 28 as is_low_history,
    judged.verdict as feedback
from days
inner join effects on days.anomaly_id = effects.anomaly_id
inner join deviations on days.anomaly_id = deviations.anomaly_id
inner join costs on days.anomaly_id = costs.anomaly_id
cross join (select max(usage_date) as last_date from {{ ref('cost_drivers') }}) as newest
left join {{ ref('int_anomaly_places') }} as places on days.anomaly_id = places.anomaly_id
left join owned as owners on days.feature_id = owners.feature_id
left join judged on days.anomaly_id = judged.anomaly_id
where days.days_ago = 1
