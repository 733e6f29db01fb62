-- grain: one row per UTC day, feature, workload and driver that was unusual and cost enough to be told
{{ config(materialized='table') }}
-- A day is told where a driver is beyond its limits. Others that are three quarters there are named beside it: causes
-- come together, and a name more is no message more.
with deviations as (

    select
        baselines.*,
        effects.expected_usd,
        effects.actual_usd,
        {{ effect_of_driver('baselines.driver', 'effects') }} as effect_usd
    from {{ ref('int_driver_baselines') }} as baselines
    inner join {{ ref('int_suspect_effects') }} as effects
        on
            baselines.usage_date = effects.usage_date
            and baselines.feature_id = effects.feature_id
            and baselines.workload = effects.workload
    where baselines.deviation_sigmas > 0.75 * baselines.limit_sigmas

),

dear as (

    select
        *,
        max(case when deviation_sigmas > limit_sigmas then 1 else 0 end) over (
            partition by usage_date, feature_id, workload
        ) as is_told
    from deviations
    where effect_usd >= greatest({{ var('anomaly_floor_usd') }}, 0.1 * expected_usd)

)

select
    usage_date,
    feature_id,
    workload,
    driver,
    actual,
    expected,
    deviation_sigmas,
    limit_sigmas,
    history_days,
    expected_usd,
    actual_usd,
    effect_usd
from dear
where is_told = 1
