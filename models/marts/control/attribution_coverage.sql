-- grain: one row per month and what cost is attributed to (customer, feature, team)
-- Of calls, and of charges that neither calls nor a pool take: the rest of a bill is told of those.
{% set targets = ['customer_id', 'feature_id', 'team_id'] %}
with costs as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        {{ for_each(targets + ['attribution_rules', 'request_count', 'cost_usd'], '@') }},
        0 as charge_cost_usd
    from {{ ref('fct_usage_hourly') }}
    union all
    select
        cast(date_trunc('month', first_date) as date) as month,
        {{ for_each(targets, '@') }},
        '(none)' as attribution_rules,
        0 as request_count,
        cast(null as decimal(38, 12)) as cost_usd,
        amount_usd as charge_cost_usd
    from {{ ref('int_costs_ruled') }}
    where rule_number is null

)

{% for target in targets %}
    select
        month,
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
        cast(sum(charge_cost_usd) as decimal(38, 12)) as charge_cost_usd,
        cast(sum(case when {{ target }} <> '(unattributed)' then charge_cost_usd else 0 end) as decimal(38, 12))
            as attributed_charge_cost_usd,
        {{ ratio("sum(case when " ~ target ~ " <> '(unattributed)' then cost_usd else 0 end)", 'sum(cost_usd)') }}
            as attributed_share
    from costs
    group by 1, 2
    {{ 'union all' if not loop.last }}
{% endfor %}
