-- grain: one row per anomaly that is noticed as such, not by a driver beyond its limits
{% set common = [
    'anomaly_id', 'kind', 'feature_id', 'workload', 'model_id', 'started_date', 'last_date', 'day_count', 'actual_usd',
    'detail'
] %}
{% for notices in ['int_new_models', 'int_unpriced_models', 'int_absurd_calls', 'int_silent_sources'] %}
    select
        {{ for_each(common, '@') }},
        kind as cause,
        -- nothing of it was expected
        actual_usd as excess_usd,
        cast(null as string) as customer_id,
        cast(null as string) as owner_id
    from {{ ref(notices) }}
    union all
{% endfor %}
select
    {{ for_each(common, '@') }},
    kind as cause,
    excess_usd,
    cast(null as string) as customer_id,
    cast(null as string) as owner_id
from {{ ref('int_price_changes') }}
where told_by is null
union all
select
    {{ for_each(common + ['cause', 'excess_usd', 'customer_id', 'owner_id'], '@') }}
from {{ ref('int_budget_burns') }}
