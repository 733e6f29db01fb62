-- grain: one row per customer, month, method and feature that revenue without a feature is spread over
-- `cost`, `requests` and `list_price` weigh features by what the customer used of them in the month; a customer in
-- seeds/revenue_shares.csv has stated its shares, by any method.
with used as (

    select
        customer_id,
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        -- in millionths of a dollar
        cast(coalesce(sum(cost_usd), 0) * 1000000 as decimal(15, 0)) as cost,
        cast(coalesce(sum(list_cost_usd), 0) * 1000000 as decimal(15, 0)) as list_price,
        cast(sum(request_count) as decimal(15, 0)) as requests
    from {{ ref('fct_usage_hourly') }}
    where workload = 'production'
    group by 1, 2, 3

),

stated as (

    select
        months.customer_id,
        months.month,
        shares.feature_id,
        cast(shares.revenue_share * 1000000 as decimal(15, 0)) as weight
    from (
        select distinct
            customer_id,
            cast(date_trunc('month', usage_date) as date) as month
        from {{ ref('int_revenue_recognised') }}
    ) as months
    inner join {{ ref('revenue_shares') }} as shares
        on
            months.customer_id = shares.customer_id
            and months.month >= shares.valid_from_month
            and (months.month < shares.valid_to_month or shares.valid_to_month is null)

)

{% for method in ['cost', 'requests', 'list_price'] %}
    select
        used.customer_id,
        used.month,
        '{{ method }}' as revenue_method,
        '{{ method }}' as split_by,
        used.feature_id,
        used.{{ method }} as weight
    from used
    left join (
        select distinct
            customer_id,
            month
        from stated
    ) as known
        on used.customer_id = known.customer_id and used.month = known.month
    where used.{{ method }} > 0 and known.customer_id is null
    union all
    select
        customer_id,
        month,
        '{{ method }}' as revenue_method,
        'stated' as split_by,
        feature_id,
        weight
    from stated
    {{ 'union all' if not loop.last }}
{% endfor %}
