-- grain: one row per anomaly shortly before which, or on whose first day, its feature changed
with anomalies as (

    select
        anomaly_id,
        feature_id,
        workload,
        started_date
    from {{ ref('int_anomalies') }}
    union all
    select
        anomaly_id,
        feature_id,
        workload,
        started_date
    from {{ ref('int_anomaly_notices') }}

),

-- often why, never said to be
changes as (

    select
        anomalies.anomaly_id,
        changes.dimension = 'prompt_version' as is_of_prompt,
        changes.member_id,
        changes.changed_date,
        row_number() over (
            partition by anomalies.anomaly_id, changes.dimension = 'prompt_version'
            order by changes.changed_date desc, changes.dimension desc, changes.member_id desc
        ) as change_rank
    from anomalies
    inner join {{ ref('int_feature_changes') }} as changes
        on
            anomalies.feature_id = changes.feature_id
            and anomalies.workload = changes.workload
            and changes.changed_date between anomalies.started_date - interval 7 day and anomalies.started_date
    -- prompts change more often
    where changes.dimension <> 'prompt_version' or changes.changed_date >= anomalies.started_date - interval 2 day

)

select
    anomaly_id,
    max(case when not is_of_prompt then member_id end) as deployment_id,
    max(case when not is_of_prompt then changed_date end) as deployed_date,
    max(case when is_of_prompt then member_id end) as new_prompt_version,
    max(case when is_of_prompt then changed_date end) as prompt_changed_date
from changes
where change_rank = 1
group by 1
