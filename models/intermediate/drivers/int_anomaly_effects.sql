-- grain: one row per anomaly of drivers and effect on cost: they sum to what the anomaly cost
{{ config(materialized='table') }}
with listed as (

    {% for effect in call_effects() %}
        select
            anomaly_id,
            '{{ effect }}' as effect,
            {{ settled(effect ~ '_effect_usd') }} as effect_usd
        from {{ ref('int_anomalies') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

meant as (

    {% for driver, about in driver_metrics().items() %}
        {% set last_driver = loop.last %}
        {% for effect in about.effects %}
            select
                '{{ driver }}' as driver,
                '{{ effect }}' as effect
            {{ 'union all' if not (last_driver and loop.last) }}
        {% endfor %}
    {% endfor %}

),

deviated as (

    select distinct
        drivers.anomaly_id,
        meant.effect
    from {{ ref('int_anomaly_drivers') }} as drivers
    inner join meant on drivers.driver = meant.driver

)

select
    listed.anomaly_id,
    listed.effect,
    listed.effect_usd,
    deviated.anomaly_id is not null as is_unusual
from listed
left join deviated on listed.anomaly_id = deviated.anomaly_id and listed.effect = deviated.effect
where listed.effect_usd <> 0
