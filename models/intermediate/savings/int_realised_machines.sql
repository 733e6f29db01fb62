-- grain: one row per action on machines that is done, month after it and comparison: what they cost less, and why
{{ config(materialized='table') }}
{% set action = ['strategy', 'done_date', 'feature_id'] %}
-- Of the pools that the feature was in the month before. `action`: a whole month beside that one; `usual`: that one
-- beside the one before it. A lower precision is measured against the tokens that were delivered, what stands idle
-- against days. Whichever it is, no more is saved than the rent fell by: a GPU that was kept is paid.
with done as (

    select
        feature_id,
        strategy,
        decided_date as done_date,
        cast(date_trunc('month', decided_date) - interval 1 month as date) as before_month,
        cast(date_trunc('month', decided_date) - interval 2 month as date) as usual_month
    from {{ ref('savings_register') }}
    where state = 'done' and decided_date is not null and strategy in ('{{ of_machines() | join("', '") }}')

),

months as (

    select
        month,
        {{ day_number('least(max(newest.last_date), cast(month + interval 1 month - interval 1 day as date))') }}
        - {{ day_number('month') }} + 1 as day_count
    from {{ ref('int_machines_monthly') }}
    cross join (
        select max(usage_date) as last_date
        from {{ ref('allocated_costs') }}
        where allocation_status <> 'prepaid'
    ) as newest
    group by 1

),

-- what the feature and each of its pools cost, and what they did; of a pool that is gone nothing
sums as (

    select
        {{ for_each(action, 'done.@') }},
        done.before_month,
        done.usual_month,
        known.pool_id,
        months.month,
        coalesce(sum(case when rented.feature_id = done.feature_id then rented.cost_usd end), 0) as own_usd,
        coalesce(sum(rented.cost_usd), 0) as rented_usd,
        sum(rented.used_usd) as used_usd,
        case
            when done.strategy = 'quantisation'
                then coalesce(sum(case when rented.feature_id = done.feature_id then rented.token_count end), 0)
            else max(months.day_count)
        end as own_volume,
        case
            when done.strategy = 'quantisation' then coalesce(sum(rented.token_count), 0)
            else max(months.day_count)
        end as volume
    from done
    inner join {{ ref('int_machines_monthly') }} as known
        on done.feature_id = known.feature_id and done.before_month = known.month
    inner join months on done.usual_month <= months.month
    left join {{ ref('int_machines_monthly') }} as rented
        on known.pool_id = rented.pool_id and months.month = rented.month
    group by 1, 2, 3, 4, 5, 6, 7

),

compared as (

    {% for comparison, before in {'action': 'before_month', 'usual': 'usual_month'}.items() %}
        select
            '{{ comparison }}' as comparison,
            {{ for_each(action, 'reached.@') }},
            reached.month,
            {{ ratio('after.own_volume', 'before.own_volume') }} * cast(before.own_usd as double) as before_usd,
            cast(after.own_usd as double) as after_usd,
            greatest(
                {{ ratio('after.volume', 'before.volume') }} * cast(before.rented_usd as double)
                - cast(after.rented_usd as double),
                0
            )
            * case
                when reached.strategy = 'quantisation' then {{ ratio('before.own_usd', 'before.used_usd') }} else 1
            end as given_back_usd,
            {{ ratio('reached.own_volume', 'after.own_volume') }} as scale
        from sums as reached
        inner join sums as before
            on
                {{ for_each(action + ['pool_id'], 'reached.@ = before.@', ' and ') }}
                and reached.{{ before }} = before.month
        inner join sums as after
            on
                {{ for_each(action + ['pool_id'], 'reached.@ = after.@', ' and ') }}
                and reached.{{ 'month' if comparison == 'action' else 'before_month' }} = after.month
        where reached.month >= reached.done_date
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    comparison,
    {{ for_each(action, '@') }},
    month,
    sum(scale * before_usd) as before_usd,
    sum(scale * after_usd) as after_usd,
    sum(scale * least(before_usd - after_usd, given_back_usd)) as saved_usd
from compared
group by 1, 2, 3, 4, 5
