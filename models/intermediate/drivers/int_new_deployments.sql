-- grain: one row per feature, workload and deployment that its calls began to go to after its first day
select
    feature_id,
    workload,
    deployment_id,
    deployed_date
from (
    select
        feature_id,
        workload,
        deployment_id,
        min(usage_date) as deployed_date,
        min(min(usage_date)) over (partition by feature_id, workload) as first_date
    from {{ ref('fct_usage_hourly') }}
    group by 1, 2, 3
) as deployments
-- what names no deployment says when the feature began, and is no change
where deployment_id <> '(none)' and deployed_date > first_date
