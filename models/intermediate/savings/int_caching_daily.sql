-- grain: one row per UTC day, feature, model, way of caching and placement: what it would have cost
-- Fingerprints where a day, feature and model have them, conversations where not; in the reporting currency.
with known as (

    select distinct
        usage_date,
        feature_id,
        provider_id,
        model_id
    from {{ ref('int_prefix_cache_daily') }}

),

replayed as (

    select
        prefixes.*,
        'fingerprints' as replayed_by
    from {{ ref('int_prefix_cache_daily') }} as prefixes
    union all
    select
        sessions.*,
        'conversations' as replayed_by
    from {{ ref('int_session_cache_daily') }} as sessions
    left join known
        on
            sessions.usage_date = known.usage_date
            and sessions.feature_id = known.feature_id
            and sessions.provider_id = known.provider_id
            and sessions.model_id = known.model_id
    where known.usage_date is null

)

select
    replayed.usage_date,
    replayed.feature_id,
    replayed.provider_id,
    replayed.model_id,
    replayed.policy_id,
    replayed.placement,
    replayed.is_automatic,
    replayed.replayed_by,
    {% for cost in ['actual', 'uncached', 'read', 'write', 'gain', 'policy'] %}
        {{ converted('replayed.' ~ cost ~ '_cost') }} as {{ cost }}_cost_usd,
    {% endfor %}
    replayed.request_count,
    replayed.input_tokens,
    replayed.read_tokens,
    replayed.write_tokens
from replayed
{{ dollar_rates('replayed') }}
