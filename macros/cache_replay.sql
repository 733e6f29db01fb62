{#
    What caching would cost: every call of a relation replayed under every way of caching that its model offers. Each
    piece of a prompt is in the cache for a lifetime after the last call that had it.

    `gain_cost` is what reading spares: as far as what is read is misjudged, so is the cost.

    everything  each call writes what it does not find: one breakpoint at the end of the prompt
    repeated    a call writes what another had within the lifetime: breakpoints where prompts begin alike
#}

{# Text tokens of the input of a call, whatever a cache did for them. #}
{% macro text_input_tokens(calls) -%}
    {{ calls }}.uncached_input_tokens + {{ calls }}.cache_read_tokens + {{ written_tokens(calls) }}
{%- endmacro %}

{# Tokens that a call wrote to a cache. #}
{% macro written_tokens(calls) -%}
    {{ for_each(['5m', '30m', '1h', '12h', 'unknown'], calls ~ '.cache_write_@_tokens', ' + ') }}
{%- endmacro %}

{# What they cost, at the rate card `prices`, in US dollars. #}
{% macro cached_input_cost(calls) -%}
    {{ component_cost(calls ~ '.uncached_input_tokens', 'prices.input_price') }}
    + {{ component_cost(calls ~ '.cache_read_tokens', 'prices.cache_read_price') }}
    + {{ written_cost(calls) }}
{%- endmacro %}

{# What writing to the cache cost, in US dollars. #}
{% macro written_cost(calls) -%}
    {{ component_cost('(' ~ for_each(['5m', '30m', 'unknown'], calls ~ '.cache_write_@_tokens', ' + ') ~ ')', 'prices.cache_write_price') }}
    + {{ component_cost(calls ~ '.cache_write_1h_tokens', 'prices.cache_write_1h_price') }}
    + {{ component_cost(calls ~ '.cache_write_12h_tokens', 'prices.cache_write_12h_price') }}
{%- endmacro %}

{#
    Tokens of the first pieces of a prompt. A piece is about 512 tokens (ingest/fingerprints.py): where the tokens are
    as many as whole pieces hold, all but the last are whole; else they are taken to be of one size.
#}
{% macro tokens_of_pieces(pieces) -%}
    case
        when input_tokens <= 512 * piece_count and input_tokens > 512 * (piece_count - 1)
            then least(512 * {{ pieces }}, input_tokens)
        else cast(floor(cast(input_tokens as double) * {{ pieces }} / piece_count) as bigint)
    end
{%- endmacro %}

{#
    The end of a daily model: what each way of caching costs. Tokens are summed first and priced then, at the rate card of
    their calls: few multiplications, each exact.

    ways        a relation of calls and ways: usage_date, provider_id, model_id, feature_id, price_id, input_tokens and
                actual_cost of the call, columns of int_cache_policies, and those that placements name
    placements  by the name of each: which tokens are in the cache after the call, and which were before it
#}
{% macro cost_of_caching(ways, placements) -%}
    summed as (

        select
            usage_date,
            feature_id,
            provider_id,
            model_id,
            price_id,
            policy_id,
            is_automatic,
            write_price,
            {% for placement, (cached, found) in placements.items() %}
                -- a prefix below the minimum is no cache's
                sum(case when {{ cached }} >= minimum_tokens then {{ cached }} else 0 end)
                    as {{ placement }}_kept_tokens,
                sum(
                    case
                        when {{ cached }} >= minimum_tokens and {{ found }} >= minimum_tokens
                            then cast(floor({{ found }} / cast(block_tokens as double)) as bigint) * block_tokens
                        else 0
                    end
                ) as {{ placement }}_read_tokens,
            {% endfor %}
            count(*) as request_count,
            sum(input_tokens) as input_tokens,
            sum(actual_cost) as actual_cost
        from {{ ways }}
        -- writes of twelve hours may have no price: nor has what such a call cost
        where actual_cost is not null
        group by 1, 2, 3, 4, 5, 6, 7, 8

    ),

    placed as (

        {% for placement in placements %}
            select
                *,
                '{{ placement }}' as placement,
                cast({{ placement }}_kept_tokens as bigint) as kept_tokens,
                cast({{ placement }}_read_tokens as bigint) as read_tokens
            from summed
            {% if placement == 'repeated' %}
                -- what costs nothing to write is not chosen
                where write_price <> 'input'
            {% endif %}
            {{ 'union all' if not loop.last }}
        {% endfor %}

    ),

    billed as (

        select
            placed.*,
            prices.input_price,
            prices.cache_read_price,
            case placed.write_price
                when 'cache_write' then prices.cache_write_price
                when 'cache_write_1h' then prices.cache_write_1h_price
                when 'cache_write_12h' then prices.cache_write_12h_price
                else prices.input_price
            end as unit_write_price
        from placed
        inner join {{ ref('int_rate_card') }} as prices on placed.price_id = prices.price_id

    )

    select
        usage_date,
        feature_id,
        provider_id,
        model_id,
        policy_id,
        placement,
        is_automatic,
        cast(sum(request_count) as bigint) as request_count,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(read_tokens) as bigint) as read_tokens,
        cast(sum(kept_tokens - read_tokens) as bigint) as write_tokens,
        {% for name, cost in {
            'actual': 'actual_cost',
            'uncached': component_cost('input_tokens', 'input_price'),
            'read': component_cost('input_tokens', 'cache_read_price'),
            'write': component_cost('input_tokens', 'unit_write_price'),
            'gain':
                component_cost('read_tokens', 'unit_write_price')
                ~ ' - (' ~ component_cost('read_tokens', 'cache_read_price') ~ ')',
            'policy':
                component_cost('read_tokens', 'cache_read_price')
                ~ ' + ' ~ component_cost('(kept_tokens - read_tokens)', 'unit_write_price')
                ~ ' + ' ~ component_cost('(input_tokens - kept_tokens)', 'input_price'),
        }.items() %}
            cast(sum({{ cost }}) as decimal(38, 12)) as {{ name }}_cost{{ ',' if not loop.last }}
        {% endfor %}
    from billed
    -- nor is there such a way of caching, where what it writes has no price
    where unit_write_price is not null
    group by 1, 2, 3, 4, 5, 6, 7
{%- endmacro %}

{# What a way of caching is, of int_cache_policies. #}
{% macro cache_way_columns(policies) -%}
    {{ for_each(
        ['policy_id', 'lifetime_ms', 'minimum_tokens', 'block_tokens', 'write_price', 'is_automatic'], policies ~ '.@'
    ) }}
{%- endmacro %}

{# Whether the model of a call offered a way of caching on the day. #}
{% macro offers_way(calls, policies) -%}
    {{ calls }}.provider_id = {{ policies }}.provider_id
    and {{ calls }}.model_id = {{ policies }}.model_id
    and {{ calls }}.usage_date >= {{ policies }}.valid_from_date
    and {{ calls }}.usage_date < {{ policies }}.valid_to_date
{%- endmacro %}

{#
    CTEs, the last of them `seen`: of each call and lifetime, how many pieces of its prompt another call of the feature and
    model had within it (seen_pieces), and how many a third one had within it before that (seen_twice_pieces).

    calls  a relation of usage_date, provider_id, model_id, feature_id, requested_at, call_number (their order),
           prefix_fingerprints and input_tokens
#}
{% macro pieces_seen(calls) -%}
    {% set in_time = '(partition by piece_number order by call_number)' %}
    prompts as (

        select
            calls.call_number,
            calls.requested_at,
            calls.prefix_fingerprints,
            minimums.minimum_tokens,
            {{ hashed([
                'calls.usage_date', 'calls.provider_id', 'calls.model_id', 'calls.feature_id', 'minimums.minimum_tokens'
            ]) }} as scope_number
        from {{ calls }} as calls
        -- ways with one minimum see the same calls
        inner join (
            select distinct
                provider_id,
                model_id,
                minimum_tokens
            from {{ ref('int_cache_policies') }}
        ) as minimums
            on
                calls.provider_id = minimums.provider_id
                and calls.model_id = minimums.model_id
                and calls.input_tokens >= minimums.minimum_tokens

    ),

    pieces as (

        select
            call_number,
            requested_at,
            minimum_tokens,
            scope_number,
            {{ exploded_list('prefix_fingerprints') }} as piece
        from prompts

    ),

    -- what is sorted is narrow: of millions of pieces that differ hardly two have the same 64 bits
    numbered as (

        select
            call_number,
            requested_at,
            minimum_tokens,
            {{ hashed(['scope_number', 'piece']) }} as piece_number
        from pieces

    ),

    gaps as (

        select
            minimum_tokens,
            call_number,
            {{ milliseconds_between('lag(requested_at) over ' ~ in_time, 'requested_at') }} as gap_ms,
            {{ milliseconds_between('lag(requested_at, 2) over ' ~ in_time, 'lag(requested_at) over ' ~ in_time) }}
                as gap_before_ms
        from numbered

    ),

    -- most pieces of a call were last seen in one other
    runs as (

        select
            call_number,
            minimum_tokens,
            gap_ms,
            gap_before_ms,
            count(*) as run_pieces
        from gaps
        where gap_ms is not null
        group by 1, 2, 3, 4

    ),

    -- of each call how much of its prompt another had within each lifetime that there is
    seen as (

        select
            gaps.call_number,
            gaps.minimum_tokens,
            lifetimes.lifetime_ms,
            sum(gaps.run_pieces) as seen_pieces,
            sum(case when gaps.gap_before_ms <= lifetimes.lifetime_ms then gaps.run_pieces else 0 end)
                as seen_twice_pieces
        from runs as gaps
        inner join (select distinct lifetime_ms from {{ ref('int_cache_policies') }}) as lifetimes
            on gaps.gap_ms <= lifetimes.lifetime_ms
        group by 1, 2, 3

    )
{%- endmacro %}
