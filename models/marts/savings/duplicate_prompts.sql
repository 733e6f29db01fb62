-- grain: one row per month, feature, provider, model and operation
select
    cast(date_trunc('month', usage_date) as date) as month,
    feature_id,
    provider_id,
    model_id,
    operation,
    {% for lifetime in ['hour', 'day'] %}
        cast(sum(duplicate_within_{{ lifetime }}_count) as bigint) as duplicate_within_{{ lifetime }}_count,
        {{ ratio('sum(duplicate_within_' ~ lifetime ~ '_count)', 'sum(request_count)') }}
            as duplicate_within_{{ lifetime }}_share,
        cast(sum(duplicate_within_{{ lifetime }}_cost_usd) as decimal(38, 12))
            as duplicate_within_{{ lifetime }}_cost_usd,
    {% endfor %}
    cast(sum(request_count) as bigint) as request_count,
    cast(sum(contracted_cost_usd) as decimal(38, 12)) as contracted_cost_usd
from {{ ref('int_duplicates_daily') }}
group by 1, 2, 3, 4, 5
