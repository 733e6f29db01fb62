-- grain: one row per month and what calls are attributed to (customer, feature, team)
{% set targets = ['customer_id', 'feature_id', 'team_id'] %}
{% for target in targets %}
    select
        cast(date_trunc('month', usage_date) as date) as month,
        '{{ target | replace('_id', '') }}' as dimension,
        cast(sum(request_count) as bigint) as request_count,
        cast(sum(case when {{ target }} <> '(unattributed)' then request_count else 0 end) as bigint)
            as attributed_request_count,
        cast(coalesce(sum(cost_usd), 0) as decimal(38, 12)) as cost_usd,
        cast(coalesce(sum(case when {{ target }} <> '(unattributed)' then cost_usd end), 0) as decimal(38, 12))
            as attributed_cost_usd,
        cast(
            coalesce(sum(case when attribution_rules like '%{{ target }}:%' then cost_usd end), 0) as decimal(38, 12)
        ) as ruled_cost_usd,
        {{ ratio("sum(case when " ~ target ~ " <> '(unattributed)' then cost_usd else 0 end)", 'sum(cost_usd)') }}
            as attributed_share
    from {{ ref('fct_usage_hourly') }}
    group by 1, 2
    {{ 'union all' if not loop.last }}
{% endfor %}
