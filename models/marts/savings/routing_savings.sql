-- grain: one row per month, workload, environment, feature, provider, model, operation and cheaper model
{% set key = ['workload', 'environment', 'feature_id', 'provider_id', 'model_id', 'operation'] %}
with months as (

    select
        cast(date_trunc('month', repriced.usage_date) as date) as month,
        {{ for_each(key, 'repriced.@') }},
        repriced.rule_number,
        sum(repriced.request_count) as request_count,
        sum(repriced.actual_cost_usd) as actual_cost_usd,
        sum(repriced.other_cost_usd) as candidate_cost_usd
    from {{ ref('int_repriced_daily') }} as repriced
    where repriced.strategy = 'routing'
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

fitting as (

    select
        months.*,
        tiers.candidate_provider_id,
        tiers.candidate_model_id,
        tiers.quality_lower_bound,
        tiers.required_quality,
        tiers.evidence,
        tiers.source_url,
        coalesce(tiers.quality_lower_bound >= tiers.required_quality, false) as is_evidenced
    from months
    inner join {{ ref('model_tiers') }} as tiers on months.rule_number = tiers.rule_number
    where
        {{ matches_pattern('lower(months.feature_id)', 'tiers.feature_id') }}
        and {{ matches_pattern("coalesce(lower(months.operation), '')", 'tiers.operation') }}
        and months.candidate_cost_usd < months.actual_cost_usd

),

ranked as (

    select
        *,
        row_number() over (
            partition by month, {{ key | join(', ') }}
            order by case when is_evidenced then 0 else 1 end, candidate_cost_usd, rule_number
        ) as place
    from fitting

)

select
    month,
    {{ for_each(key, '@') }},
    rule_number,
    candidate_provider_id,
    candidate_model_id,
    cast(request_count as bigint) as request_count,
    cast(quality_lower_bound as double) as quality_lower_bound,
    cast(required_quality as double) as required_quality,
    evidence,
    source_url,
    is_evidenced,
    -- of several candidates the cheapest that is good enough, else the cheapest
    place = 1 as is_best,
    cast(actual_cost_usd as decimal(38, 12)) as actual_cost_usd,
    cast(candidate_cost_usd as decimal(38, 12)) as candidate_cost_usd,
    cast(actual_cost_usd - candidate_cost_usd as decimal(38, 12)) as potential_usd,
    -- without evidence nothing is claimed
    cast(case when is_evidenced then actual_cost_usd - candidate_cost_usd else 0 end as decimal(38, 12)) as saving_usd
from ranked
