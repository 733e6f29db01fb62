-- grain: one row per dimension and member with a budget, and UTC day: its cost, and a day's in the week before
{{ config(materialized='table') }}
{% set key = ['feature_id', 'customer_id', 'team_id', 'provider_id', 'model_id', 'workload'] %}
{% set series = 'dimension, member_id' %}
with spans as (

    select
        dimension,
        member_id,
        -- a week to tell a day by, and one to tell its spikes by
        min(valid_from_date) - interval 14 day as first_date
    from {{ ref('budgets') }}
    group by 1, 2

),

costs as (

    select
        usage_date,
        {{ for_each(key, '@') }},
        coalesce(sum(cost_usd), 0) as cost_usd,
        sum(unpriced_request_count) as unpriced_request_count
    from {{ ref('fct_usage_hourly') }}
    where usage_date >= (select min(first_date) from spans)
    group by 1, 2, 3, 4, 5, 6, 7
    union all
    -- what is shared is of no team; what is paid ahead is of the months that it is for
    select
        usage_date,
        feature_id,
        customer_id,
        '(unattributed)' as team_id,
        provider_id,
        model_id,
        workload,
        allocated_cost_usd as cost_usd,
        0 as unpriced_request_count
    from {{ ref('allocated_costs') }}
    where allocation_status <> 'prepaid' and usage_date >= (select min(first_date) from spans)

),

of_members as (

    select
        dimensions.dimension,
        case dimensions.dimension
            {% for dimension, member in budget_members().items() %}
                when '{{ dimension }}' then {{ member }}
            {% endfor %}
        end as member_id,
        costs.usage_date,
        cast(sum(costs.cost_usd) as decimal(24, 12)) as cost_usd,
        cast(sum(costs.unpriced_request_count) as bigint) as unpriced_request_count
    from costs
    cross join (select distinct dimension from spans) as dimensions
    group by 1, 2, 3

),

days as (

    select
        spans.dimension,
        spans.member_id,
        dates.usage_date,
        dates.month,
        coalesce(of_members.cost_usd, 0) as cost_usd,
        coalesce(of_members.unpriced_request_count, 0) as unpriced_request_count,
        min(of_members.usage_date) over (partition by spans.dimension, spans.member_id) as first_cost_date
    from spans
    cross join (select max(usage_date) as last_date from {{ ref('fct_usage_hourly') }}) as newest
    inner join {{ ref('dim_dates') }} as dates on dates.usage_date between spans.first_date and newest.last_date
    left join of_members
        on
            spans.dimension = of_members.dimension
            and spans.member_id = of_members.member_id
            and dates.usage_date = of_members.usage_date

),

levelled as (

    select
        *,
        {{ trailing_median('cost_usd', series, 'usage_date', 7) }} as usual_usd,
        case when usage_date >= first_cost_date then 1 else 0 end as day_count
    from days

),

-- one odd day is no rate: a day counts as at most twice the median of the week before it
capped as (

    select
        *,
        case when usual_usd > 0 then least(cost_usd, 2 * usual_usd) else cost_usd end as capped_usd
    from levelled

),

-- whole days only: the newest may not have landed whole
trailed as (

    select
        *,
        {{ for_each(['capped_usd', 'day_count'], 'sum(@) over (partition by ' ~ series ~ ' order by usage_date
            rows between 7 preceding and 1 preceding) as week_@') }}
    from capped

)

select
    dimension,
    member_id,
    usage_date,
    month,
    cost_usd,
    unpriced_request_count,
    -- two days are no week
    case when week_day_count >= 3 then {{ unit_cost('week_capped_usd', 'week_day_count') }} end as run_rate_usd
from trailed
