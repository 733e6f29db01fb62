-- grain: one row per anomaly of drivers and effect on cost: they sum to what the anomaly cost
{% set of_calls = effect_names() | reject('in', ['shared_cost', 'shared_share', 'idle_capacity']) | list %}
with effects as (

    select
        episodes.anomaly_id,
        {{ for_each(of_calls, 'sum(effects.@_effect_usd) as @') }}
    from {{ ref('int_anomaly_episodes') }} as episodes
    inner join {{ ref('int_suspect_effects') }} as effects
        on
            episodes.usage_date = effects.usage_date
            and episodes.feature_id = effects.feature_id
            and episodes.workload = effects.workload
    group by 1

),

listed as (

    {% for effect in of_calls %}
        select
            anomaly_id,
            '{{ effect }}' as effect,
            cast({{ effect }} as decimal(38, 12)) as effect_usd
        from effects
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

flagged as (

    {% for driver, about in driver_metrics().items() %}
        {% for effect in about.effects %}
            select
                '{{ driver }}' as driver,
                '{{ effect }}' as effect
            {{ 'union all' if not loop.last }}
        {% endfor %}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

deviated as (

    select distinct
        episodes.anomaly_id,
        flagged.effect
    from {{ ref('int_anomaly_episodes') }} as episodes
    inner join {{ ref('int_anomaly_days') }} as days
        on
            episodes.usage_date = days.usage_date
            and episodes.feature_id = days.feature_id
            and episodes.workload = days.workload
    inner join flagged on days.driver = flagged.driver

)

select
    listed.anomaly_id,
    listed.effect,
    listed.effect_usd,
    deviated.anomaly_id is not null as is_unusual
from listed
left join deviated on listed.anomaly_id = deviated.anomaly_id and listed.effect = deviated.effect
where listed.effect_usd <> 0
