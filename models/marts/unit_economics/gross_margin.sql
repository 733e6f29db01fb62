-- grain: one row per dimension, member (of a feature, where the dimension is both), and month
{% set dimensions = {
    'company': ("'(all)'", "'(all)'"),
    'customer': ('customer_id', "'(all)'"),
    'feature': ('feature_id', "'(all)'"),
    'plan': ('plan_id', "'(all)'"),
    'segment': ('segment_id', "'(all)'"),
    'customer and feature': ('customer_id', 'feature_id'),
} %}
{% set counted = ['revenue_usd', 'cogs_usd', 'shared_cost_usd', 'request_count', 'unpriced_request_count'] %}
{% set direct = 'cogs_usd - shared_cost_usd' %}
{% set of_month = 'partition by dimension, summed.month' %}
with by_member as (

    select
        customer_id,
        feature_id,
        plan_id,
        segment_id,
        cast(date_trunc('month', usage_date) as date) as month,
        min(revenue_split_by) as first_split_by,
        max(revenue_split_by) as last_split_by,
        {{ for_each(counted, 'sum(@) as @') }}
    from {{ ref('gross_margin_daily') }}
    group by 1, 2, 3, 4, 5

),

summed as (

    {% for dimension, (id, feature) in dimensions.items() %}
        select
            '{{ dimension }}' as dimension,
            {{ id }} as id,
            {{ feature }} as of_feature_id,
            month,
            case when min(first_split_by) = max(last_split_by) then min(first_split_by) else 'mixed' end
                as revenue_split_by,
            {{ for_each(counted, 'sum(@) as @') }}
        from by_member
        group by {{ '4' if dimension == 'company' else '2, 4' if feature == "'(all)'" else '2, 3, 4' }}
        union all
    {% endfor %}
    select
        'unit' as dimension,
        id,
        '(all)' as of_feature_id,
        month,
        revenue_split_by,
        {{ for_each(counted, '@') }}
    from {{ ref('int_margin_by_unit') }}

),

covered as (

    select
        month,
        min(case when dimension = 'customer' then attributed_share end) as customer_share,
        min(case when dimension = 'feature' then attributed_share end) as feature_share
    from {{ ref('attribution_coverage') }}
    group by 1

),

judged as (

    select
        summed.*,
        summed.revenue_usd - summed.cogs_usd as gross_profit_usd,
        summed.revenue_usd - summed.cogs_usd + summed.shared_cost_usd as contribution_usd,
        1 - {{ ratio('summed.unpriced_request_count', 'summed.request_count') }} as priced_share,
        case
            when summed.dimension in ('customer', 'plan', 'segment') then coalesce(covered.customer_share, 1)
            when summed.dimension = 'feature' then coalesce(covered.feature_share, 1)
            when summed.dimension = 'customer and feature'
                then least(coalesce(covered.customer_share, 1), coalesce(covered.feature_share, 1))
            when summed.dimension = 'unit' then coalesce({{ ratio(
                "sum(case when id = '(unassigned)' then 0 else " ~ direct ~ " end) over (" ~ of_month ~ ")",
                "sum(" ~ direct ~ ") over (" ~ of_month ~ ")"
            ) }}, 1)
            else 1
        end as attributed_share,
        case when summed.dimension in ('company', 'unit') then 1 else coalesce(matched.matched_share, 1) end
            as matched_share,
        case
            when summed.request_count > 0 and summed.unpriced_request_count = summed.request_count then 'no_price'
            when summed.revenue_usd is null or summed.revenue_split_by = 'unknown' then 'no_unit_price'
            when summed.revenue_usd < 0 then 'negative_revenue'
            when summed.revenue_usd = 0 then 'no_revenue'
        end as unknown_reason
    from summed
    left join covered on summed.month = covered.month
    left join {{ ref('int_revenue_matched') }} as matched on summed.month = matched.month

)

select
    dimension,
    id,
    of_feature_id,
    month,
    revenue_split_by,
    {{ for_each(
        ['revenue_usd', 'cogs_usd', 'shared_cost_usd', 'gross_profit_usd', 'contribution_usd'],
        'cast(@ as decimal(38, 12)) as @'
    ) }},
    case when unknown_reason is null then {{ ratio('gross_profit_usd', 'revenue_usd') }} end as gross_margin,
    case when unknown_reason is null then {{ ratio('contribution_usd', 'revenue_usd') }} end as contribution_margin,
    unknown_reason,
    case
        when unknown_reason in ('no_price', 'no_unit_price') then 'unknown'
        when revenue_usd = 0 then 'no_revenue'
        when gross_profit_usd < 0 then 'under_water'
        -- half of the revenue: below it an AI feature leaves less than software usually does
        when gross_profit_usd * 2 < revenue_usd then 'thin'
        else 'profitable'
    end as margin_class,
    priced_share,
    attributed_share,
    matched_share,
    least(coalesce(priced_share, 1), attributed_share, matched_share) as margin_confidence
from judged
