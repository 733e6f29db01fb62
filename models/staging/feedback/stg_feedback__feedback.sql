-- grain: one row per verdict and driver that was beyond its limits, as often as it was told
select
    'feedback' as source_id,
    feedback_id,
    anomaly_id,
    verdict,
    given_at,
    given_by,
    note,
    kind,
    feature_id,
    workload,
    last_date,
    causes,
    driver,
    cast(times_usual as double) as times_usual
from {{ source('feedback', 'feedback') }}
