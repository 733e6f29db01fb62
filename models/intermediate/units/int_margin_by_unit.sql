-- grain: one row per unit, or (unassigned), and month: what it earned and cost of all that the company did
-- Of calls that make several units the cost is that of one (`own_cost_usd`), and shared cost follows it. A unit earns
-- its price for each that was made; one without a price what its feature earns, where it is the only one that names it.
-- What is known of no unit is (unassigned): the rest, below 0 where units would have earned more than was recognised.
{% set counts = ['request_count', 'unpriced_request_count'] %}
with features as (

    select
        feature_id,
        month,
        case when min(revenue_split_by) = max(revenue_split_by) then min(revenue_split_by) else 'mixed' end
            as revenue_split_by,
        {{ for_each(['revenue_usd', 'cogs_usd', 'shared_cost_usd'] + counts, 'sum(@) as @') }}
    from {{ ref('int_margin_daily') }}
    group by 1, 2

),

companies as (

    select
        month,
        sum(cogs_usd) - sum(shared_cost_usd) as direct_cost_usd,
        {{ for_each(['revenue_usd', 'cogs_usd', 'shared_cost_usd'] + counts, 'sum(@) as @') }}
    from features
    group by 1

),

sellers as (

    select
        *,
        case
            when
                price_usd = 0
                and operation = '*'
                and feature_id not like '%*%'
                and count(*) over (partition by feature_id) = 1
                then feature_id
        end as sold_feature_id
    from {{ ref('units') }}

),

made as (

    select
        unit_id,
        month,
        unit_count,
        {{ for_each(counts, 'own_@ as @') }},
        own_cost_usd
    from {{ ref('int_units_summed') }}
    where dimension = 'company'

),

earned as (

    select
        made.*,
        case when sellers.price_usd > 0 then 'price' else features.revenue_split_by end as revenue_split_by,
        coalesce({{ charged_for_units('made.unit_count', 'sellers.price_usd') }}, features.revenue_usd) as revenue_usd,
        case
            when companies.direct_cost_usd >= 0.000001 then {{ scaled_money('companies.shared_cost_usd', whole_division(
                'greatest(least(made.own_cost_usd, companies.direct_cost_usd), 0) * 1000000000000000',
                'companies.direct_cost_usd * 1000000000'
            )) }}
            else 0
        end as shared_cost_usd
    from made
    inner join companies on made.month = companies.month
    inner join sellers on made.unit_id = sellers.unit_id
    left join features on made.month = features.month and sellers.sold_feature_id = features.feature_id

),

summed as (

    select
        month,
        count(*) - count(revenue_usd) as unknown_count,
        {{ for_each(['revenue_usd', 'own_cost_usd', 'shared_cost_usd'] + counts, 'coalesce(sum(@), 0) as @') }}
    from earned
    group by 1

)

select
    unit_id as id,
    month,
    revenue_split_by,
    revenue_usd,
    own_cost_usd + shared_cost_usd as cogs_usd,
    shared_cost_usd,
    {{ for_each(counts, '@') }}
from earned
union all
select
    '(unassigned)' as id,
    companies.month,
    -- with what units earned whose price nobody knows, the margin of the rest is not known either
    case when summed.unknown_count > 0 then 'unknown' else 'rest' end as revenue_split_by,
    companies.revenue_usd - coalesce(summed.revenue_usd, 0) as revenue_usd,
    companies.cogs_usd - coalesce(summed.own_cost_usd + summed.shared_cost_usd, 0) as cogs_usd,
    companies.shared_cost_usd - coalesce(summed.shared_cost_usd, 0) as shared_cost_usd,
    {{ for_each(counts, 'companies.@ - coalesce(summed.@, 0) as @') }}
from companies
left join summed on companies.month = summed.month
