-- grain: one row per verdict and driver that was beyond its limits, as often as it was told
select
    'feedback' as source_id,
    feedback_id,
    anomaly_id,
    verdict,
    given_at,
    given_by,
    note,
    feature_id,
    workload,
    last_date,
    causes,
    driver,
    cast(deviation_sigmas as double) as deviation_sigmas
from {{ source('feedback', 'feedback') }}
