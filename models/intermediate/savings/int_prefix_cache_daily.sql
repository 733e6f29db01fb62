-- grain: one row per UTC day, feature, model, way of caching and placement: what it would have cost, by fingerprints
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
) }}
-- Exact but for what was cached before midnight: a day is looked at by itself, so that no later day changes it. The
-- fingerprint of a piece stands for all before it: who has a piece has those, and has refreshed them. In US dollars.
{% set kept = [
    'usage_date', 'provider_id', 'model_id', 'feature_id', 'input_tokens', 'actual_cost', 'input_price',
    'cache_read_price', 'cache_write_price', 'cache_write_1h_price', 'cache_write_12h_price'
] %}
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
        'everything' as placement,
        input_tokens as cached_tokens,
        {{ tokens_of_pieces('seen_pieces') }} as found_tokens
    from ways
    union all
    select
        *,
        'repeated' as placement,
        {{ tokens_of_pieces('seen_pieces') }} as cached_tokens,
        {{ tokens_of_pieces('seen_twice_pieces') }} as found_tokens
    from ways
    -- what costs nothing to write is not chosen
    where write_price <> 'input'

),

{{ cost_of_caching('found') }}
