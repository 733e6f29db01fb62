-- grain: one row per anomaly whose excess lies in one customer, model, region or key, or in two of them together
{{ config(materialized='table') }}
{% set places = ['customer_id', 'model_id', 'region_id', 'api_key_id'] %}
{% set elements = [] %}
{% for one in places %}
    {% do elements.append([one]) %}
    {% for other in places[loop.index:] %}{% do elements.append([one, other]) %}{% endfor %}
{% endfor %}
-- A scan for the part whose cost against what is expected stands out most from the rest: the likelihood ratio of Poisson
-- counts (Kulldorff). Two dimensions together only where they tell it better by more than a seventh.
with compared as (

    select
        usage_date as anomaly_date,
        feature_id,
        workload,
        usage_date,
        1 as side,
        cast(1 as double) as scale
    from {{ ref('int_anomaly_episodes') }}
    union all
    select
        anomaly_date,
        feature_id,
        workload,
        usage_date,
        0 as side,
        scale
    from {{ ref('int_usual_days') }}

),

cells as (

    select
        episodes.anomaly_id,
        {{ for_each(places, 'usage.@') }},
        sum(case when compared.side = 1 then cast(usage.contracted_cost_usd as double) else 0 end) as actual_usd,
        sum(case when compared.side = 0 then cast(usage.contracted_cost_usd as double) * compared.scale else 0 end)
            as expected_usd
    from {{ ref('int_anomaly_episodes') }} as episodes
    inner join compared
        on
            episodes.usage_date = compared.anomaly_date
            and episodes.feature_id = compared.feature_id
            and episodes.workload = compared.workload
    inner join {{ ref('fct_usage_hourly') }} as usage
        on
            compared.usage_date = usage.usage_date
            and compared.feature_id = usage.feature_id
            and compared.workload = usage.workload
    group by 1, 2, 3, 4, 5

),

elements as (

    select
        anomaly_id,
        {{ for_each(places, '@') }},
        grouping(customer_id) + grouping(model_id) + grouping(region_id) + grouping(api_key_id) as left_out,
        sum(actual_usd) as actual_usd,
        -- what nobody expected is expected to be next to nothing
        greatest(sum(expected_usd), 0.000000001) as expected_usd
    from cells
    group by grouping sets (
        {% for element in elements %}(anomaly_id, {{ element | join(', ') }}), {% endfor %}(anomaly_id)
    )

),

beside as (

    select
        *,
        max(case when left_out = {{ places | length }} then actual_usd end) over (partition by anomaly_id) as all_usd,
        max(case when left_out = {{ places | length }} then expected_usd end) over (partition by anomaly_id)
            as all_expected_usd
    from elements

),

rest as (

    select
        *,
        greatest(all_usd - actual_usd, 0.000000001) as rest_usd,
        greatest(all_expected_usd - expected_usd, 0.000000001) as rest_expected_usd
    from beside
    where left_out < {{ places | length }}

),

likelihoods as (

    select
        *,
        actual_usd * ln(greatest(actual_usd, 0.000000001) / expected_usd)
        + rest_usd * ln(rest_usd / rest_expected_usd)
        - all_usd * ln(all_usd / all_expected_usd) as likelihood
    from rest
    -- most of the excess, and growth that the rest does not have
    where
        actual_usd - expected_usd >= 0.6 * (all_usd - all_expected_usd)
        and all_usd > all_expected_usd
        -- what is everything is no place
        and rest_expected_usd > 0.01 * all_expected_usd
        and actual_usd / expected_usd - 1 >= 2 * (rest_usd / rest_expected_usd - 1)

),

ranked as (

    select
        *,
        row_number() over (
            partition by anomaly_id
            order by
                likelihood / case left_out when {{ places | length - 1 }} then 1 else 1.15 end desc,
                left_out desc,
                customer_id, model_id, region_id, api_key_id
        ) as place_rank
    from likelihoods

)

select
    anomaly_id,
    {{ for_each(places, '@') }},
    actual_usd,
    expected_usd,
    (actual_usd - expected_usd) / (all_usd - all_expected_usd) as excess_share
from ranked
where place_rank = 1
