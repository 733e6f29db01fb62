-- grain: one row per month, feature, provider and model: what repeating calls cost, and what limits would have spared
with hours as (

    select
        cast(date_trunc('month', drivers.usage_date) as date) as month,
        drivers.usage_date,
        drivers.feature_id,
        drivers.provider_id,
        drivers.model_id,
        drivers.usage_hour_at,
        sum(drivers.request_count) as request_count,
        sum(drivers.retry_count) as retry_count,
        sum(drivers.error_count) as error_count,
        sum(drivers.storm_minute_count) as storm_minute_count,
        sum(drivers.retry_cost_usd) as retry_cost_usd,
        sum(drivers.storm_cost_usd) as storm_cost_usd
    from {{ ref('cost_drivers_hourly') }} as drivers
    group by 1, 2, 3, 4, 5, 6

),

-- the first line of the seed that fits
features as (

    select
        hours.feature_id,
        min_by(rules.retry_limit, rules.rule_number) as retry_limit,
        min_by(rules.retry_budget, rules.rule_number) as retry_budget
    from (select distinct feature_id from hours) as hours
    inner join {{ ref('retry_policies') }} as rules
        on {{ matches_pattern('lower(hours.feature_id)', 'rules.feature_id') }}
    group by 1

),

budgeted as (

    select
        hours.*,
        features.retry_limit,
        features.retry_budget,
        -- of an hour's retries the share beyond the budget, in millionths
        case
            when hours.retry_count > features.retry_budget * (hours.request_count - hours.retry_count)
                then floor(1000000 * cast(
                    hours.retry_count - features.retry_budget * (hours.request_count - hours.retry_count) as double
                ) / hours.retry_count)
            else 0
        end as over_budget_millionths
    from hours
    inner join features on hours.feature_id = features.feature_id

),

months as (

    select
        month,
        feature_id,
        provider_id,
        model_id,
        retry_limit,
        retry_budget,
        sum(request_count) as request_count,
        sum(retry_count) as retry_count,
        sum(error_count) as error_count,
        sum(storm_minute_count) as storm_minute_count,
        sum(retry_cost_usd) as retry_cost_usd,
        sum(storm_cost_usd) as storm_cost_usd,
        sum({{ scaled_money('retry_cost_usd', 'over_budget_millionths') }}) as over_budget_cost_usd
    from budgeted
    group by 1, 2, 3, 4, 5, 6

)

select
    month,
    feature_id,
    provider_id,
    model_id,
    cast(request_count as bigint) as request_count,
    cast(retry_count as bigint) as retry_count,
    cast(error_count as bigint) as error_count,
    cast(storm_minute_count as bigint) as storm_minute_count,
    retry_limit,
    cast(retry_budget as double) as retry_budget,
    {{ ratio('request_count', 'request_count - retry_count') }} as attempts_per_request,
    {{ attempts_per_request(ratio('error_count', 'request_count'), 'retry_limit') }} as expected_attempts_per_request,
    cast(retry_cost_usd as decimal(38, 12)) as retry_cost_usd,
    cast(over_budget_cost_usd as decimal(38, 12)) as over_budget_cost_usd,
    cast(storm_cost_usd as decimal(38, 12)) as storm_cost_usd
from months
