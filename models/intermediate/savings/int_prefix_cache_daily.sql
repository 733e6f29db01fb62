-- grain: one row per UTC day, feature, model, way of caching and placement: what it would have cost, by fingerprints
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
    meta={'rows_by_day': prompt_calls_by_day()},
) }}
-- Exact but for what was cached before midnight: a day is looked at by itself, so that no later day changes it. The
-- fingerprint of a piece stands for all before it: who has a piece has those, and has refreshed them. In US dollars.
{% set kept = ['usage_date', 'provider_id', 'model_id', 'feature_id', 'price_id', 'input_tokens', 'actual_cost'] %}
with calls as (

    select
        *,
        -- in the order in which they were made; calls of one moment in that of their log
        row_number() over (order by requested_at, input_id, record_number) as call_number
    from {{ ref('int_prompt_calls') }}
    where
        prefix_fingerprints is not null
        and input_price is not null
        and {{ is_in_chunk('usage_date') }}

),

{{ pieces_seen('calls') }},

ways as (

    select
        {{ for_each(kept, 'calls.@') }},
        calls.piece_count,
        {{ cache_way_columns('policies') }},
        coalesce(seen.seen_pieces, 0) as seen_pieces,
        coalesce(seen.seen_twice_pieces, 0) as seen_twice_pieces
    from calls
    inner join {{ ref('int_cache_policies') }} as policies
        on {{ offers_way('calls', 'policies') }}
    left join seen
        on
            calls.call_number = seen.call_number
            and policies.minimum_tokens = seen.minimum_tokens
            and policies.lifetime_ms = seen.lifetime_ms

),

found as (

    select
        *,
        {{ tokens_of_pieces('seen_pieces') }} as found_tokens,
        {{ tokens_of_pieces('seen_twice_pieces') }} as found_twice_tokens
    from ways

),

{{ cost_of_caching('found', {
    'everything': ('input_tokens', 'found_tokens'),
    'repeated': ('found_tokens', 'found_twice_tokens'),
}) }}
