-- grain: one row per anomaly that was judged and driver that was beyond its limits: what was said of it last
{{ config(materialized='table') }}
with told as (

    {{ union_staged('feedback') }}

),

newest as (

    select
        *,
        dense_rank() over (partition by anomaly_id order by given_at desc, feedback_id desc) as verdicts_ago
    from told

)

select distinct
    anomaly_id,
    verdict,
    -- none was told but of drivers beyond their limits before the kind was
    coalesce(kind, 'drivers') as kind,
    feature_id,
    workload,
    last_date,
    -- of drivers, those that were told of: what cost nothing was not judged
    case driver
        {% for driver, about in driver_metrics().items() if about.effects %}
            when '{{ driver }}'
                then case
                    when {{ for_each(about.effects, "concat(', ', causes, ',') like '%, @,%'", ' or ') }} then driver
                end
        {% endfor %}
    end as driver,
    times_usual
from newest
where verdicts_ago = 1
