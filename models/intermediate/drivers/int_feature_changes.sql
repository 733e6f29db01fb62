-- grain: one row per feature, workload and deployment, release or prompt version that came after its first day
{% for dimension in ['deployment_id', 'release_id', 'prompt_version'] %}
    select
        feature_id,
        workload,
        '{{ dimension }}' as dimension,
        member_id,
        changed_date
    from (
        select
            feature_id,
            workload,
            {{ dimension }} as member_id,
            min(usage_date) as changed_date,
            min(min(usage_date)) over (partition by feature_id, workload) as first_date
        from {{ ref('fct_usage_hourly') }}
        group by 1, 2, 3
    ) as members
    -- what names none says when the feature began, and is no change
    where member_id <> '(none)' and changed_date > first_date
    {{ 'union all' if not loop.last }}
{% endfor %}
