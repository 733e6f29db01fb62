-- grain: one row per anomaly whose excess lies in one customer, model, region, key or prompt version, or in two of them
{{ config(materialized='table') }}
{% set places = anomaly_places() %}
{% set elements = [] %}
{% for one in places %}
    {% do elements.append([one]) %}
    {% for other in places[loop.index:] %}{% do elements.append([one, other]) %}{% endfor %}
{% endfor %}
-- A scan for the part whose use, of what the cause is of, stands out most from the rest, against what is expected: the
-- likelihood ratio of Poisson counts (Kulldorff). Two dimensions together only where they tell it better by a seventh.
with elements as (

    select
        anomaly_id,
        {{ for_each(places, '@') }},
        {{ for_each(places, 'grouping(@)', ' + ') }} as left_out,
        sum(actual) as actual,
        -- what nobody expected is expected to be next to nothing
        greatest(sum(expected), 0.000000001) as expected
    from {{ ref('int_anomaly_cells') }}
    group by grouping sets (
        {% for element in elements %}
            (anomaly_id, {{ element | join(', ') }}),
        {% endfor %}
        (anomaly_id)
    )

),

beside as (

    select
        *,
        max(case when left_out = {{ places | length }} then actual end) over (partition by anomaly_id) as all_actual,
        max(case when left_out = {{ places | length }} then expected end) over (partition by anomaly_id)
            as all_expected
    from elements

),

rest as (

    select
        *,
        greatest(all_actual - actual, 0.000000001) as rest_actual,
        greatest(all_expected - expected, 0.000000001) as rest_expected
    from beside
    where left_out < {{ places | length }}

),

likelihoods as (

    select
        *,
        actual * ln(greatest(actual, 0.000000001) / expected)
        + rest_actual * ln(rest_actual / rest_expected)
        - all_actual * ln(all_actual / all_expected) as likelihood
    from rest
    -- most of the excess, and growth that the rest does not have
    where
        actual - expected >= 0.6 * (all_actual - all_expected)
        and all_actual > all_expected
        -- what is everything is no place
        and rest_expected > 0.01 * all_expected
        and actual / expected - 1 >= 3 * (rest_actual / rest_expected - 1)

),

ranked as (

    select
        *,
        row_number() over (
            partition by anomaly_id
            order by
                round(likelihood / case left_out when {{ places | length - 1 }} then 1 else 1.15 end, 6) desc,
                left_out desc,
                {{ for_each(places, '@ nulls last') }}
        ) as place_rank
    from likelihoods

)

select
    anomaly_id,
    {{ for_each(places, '@') }},
    actual,
    expected,
    (actual - expected) / (all_actual - all_expected) as excess_share
from ranked
where place_rank = 1
