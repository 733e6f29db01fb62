-- grain: one row per anomaly: the largest effect of an unusual driver, and all of them
{{ config(materialized='table') }}
select
    anomaly_id,
    cast(sum(effect_usd) as decimal(38, 12)) as excess_usd,
    max_by(effect, case when is_unusual then effect_usd end) as cause,
    cast(max(case when is_unusual then effect_usd end) as decimal(38, 12)) as cause_usd,
    {{ sorted_list("case when is_unusual and effect_usd > 0 then effect end") }} as causes
from {{ ref('int_anomaly_effects') }}
group by 1
