-- grain: one row per UTC day, feature, model, way of caching and placement: what it would have cost, by fingerprints
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ delete_touched_dates() }}',
) }}
-- Exact but for what was cached before midnight: a day is looked at by itself, so that no later day changes it. The
-- fingerprint of a piece stands for all before it: who has a piece has those, and has refreshed them. In US dollars.
{% set in_time = '(
    partition by usage_date, provider_id, model_id, feature_id, minimum_tokens, piece
    order by requested_at, input_id, record_number
)' %}
{% set kept = [
    'usage_date', 'provider_id', 'model_id', 'feature_id', 'input_tokens', 'actual_cost', 'input_price',
    'cache_read_price', 'cache_write_price', 'cache_write_1h_price'
] %}
with calls as (

    select *
    from {{ ref('int_prompt_calls') }}
    where prefix_fingerprints is not null and input_price is not null

),

-- ways with one minimum see the same calls
minimums as (

    select distinct
        provider_id,
        model_id,
        minimum_tokens
    from {{ ref('int_cache_policies') }}

),

pieces as (

    select
        calls.usage_date,
        calls.provider_id,
        calls.model_id,
        calls.feature_id,
        minimums.minimum_tokens,
        calls.call_number,
        calls.requested_at,
        calls.input_id,
        calls.record_number,
        {{ exploded_list('calls.prefix_fingerprints') }} as piece
    from calls
    inner join minimums
        on
            calls.provider_id = minimums.provider_id
            and calls.model_id = minimums.model_id
            and calls.input_tokens >= minimums.minimum_tokens

),

gaps as (

    select
        usage_date,
        minimum_tokens,
        call_number,
        {{ milliseconds_between('lag(requested_at) over ' ~ in_time, 'requested_at') }} as gap_ms,
        {{ milliseconds_between('lag(requested_at, 2) over ' ~ in_time, 'lag(requested_at) over ' ~ in_time) }}
            as gap_before_ms
    from pieces

),

-- of each call how much of its prompt another had within each lifetime that there is
seen as (

    select
        gaps.usage_date,
        gaps.call_number,
        gaps.minimum_tokens,
        lifetimes.lifetime_ms,
        sum(case when gaps.gap_ms <= lifetimes.lifetime_ms then 1 else 0 end) as seen_pieces,
        sum(case
            when gaps.gap_ms <= lifetimes.lifetime_ms and gaps.gap_before_ms <= lifetimes.lifetime_ms then 1 else 0
        end) as seen_twice_pieces
    from gaps
    cross join (select distinct lifetime_ms from {{ ref('int_cache_policies') }}) as lifetimes
    group by 1, 2, 3, 4

),

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
            calls.usage_date = seen.usage_date
            and calls.call_number = seen.call_number
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
