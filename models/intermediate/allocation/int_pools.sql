-- grain: one row per pool, provider, and day or month: what it takes, what it hands on, what it spreads
{{ config(materialized='table') }}
-- A pool hands on all that it took to pools of later stages, or spreads it over calls.
{% set pool_key = ['rule_number', 'provider_id', 'is_monthly', 'window_date'] %}
with direct as (

    select
        costs.*,
        rules.stage
    from {{ ref('int_costs_pooled') }} as costs
    inner join {{ ref('allocation_rules') }} as rules on costs.rule_number = rules.rule_number

),

{% for stage in [1, 2, 3] %}
    pools_{{ stage }} as (

        select
            {{ for_each(pool_key, '@') }},
            max(day_count) as day_count,
            cast(sum(amount_usd) as decimal(38, 12)) as amount_usd,
            cast(sum(fed_in_usd) as decimal(38, 12)) as fed_in_usd
        from (
            select
                {{ for_each(pool_key, '@') }},
                day_count,
                amount_usd,
                0 as fed_in_usd
            from direct
            where stage = {{ stage }}
            {% for earlier in range(1, stage) %}
                union all
                select
                    taker_rule_number as rule_number,
                    {{ for_each(pool_key[1:], '@') }},
                    day_count,
                    0 as amount_usd,
                    part as fed_in_usd
                from fed_{{ earlier }}
                where taker_stage = {{ stage }}
            {% endfor %}
        ) as taken
        group by 1, 2, 3, 4

    ),

    given_{{ stage }} as (

        select
            {{ for_each(pool_key, 'pools.@') }},
            pools.day_count,
            pools.amount_usd + pools.fed_in_usd as given_usd,
            feeds.taker_rule_number,
            feeds.taker_stage,
            feeds.feed_weight
        from pools_{{ stage }} as pools
        inner join {{ ref('int_pool_feeds') }} as feeds
            on pools.rule_number = feeds.rule_number and date_trunc('month', pools.window_date) = feeds.month

    ),

    fed_{{ stage }} as (

        select * from {{ split_exactly(
            'given_' ~ stage, 'given_usd', 'feed_weight', pool_key | join(', '), 'taker_rule_number'
        ) }} as fed

    ),

{% endfor %}
pools as (

    {% for stage in [1, 2, 3] %}
        select
            pools.*,
            coalesce(fed.fed_out_usd, 0) as fed_out_usd
        from pools_{{ stage }} as pools
        left join (
            select
                {{ for_each(pool_key, '@') }},
                sum(part) as fed_out_usd
            from fed_{{ stage }}
            group by 1, 2, 3, 4
        ) as fed
            on {{ for_each(pool_key, 'pools.@ = fed.@', ' and ') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    {{ for_each(pool_key, '@') }},
    day_count,
    amount_usd,
    fed_in_usd,
    cast(fed_out_usd as decimal(38, 12)) as fed_out_usd,
    cast(amount_usd + fed_in_usd - fed_out_usd as decimal(38, 12)) as spread_usd
from pools
