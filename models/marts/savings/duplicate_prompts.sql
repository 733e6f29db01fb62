-- grain: one row per month, feature, provider, model and operation
{% set kinds = [
    'duplicate_within_hour', 'near_duplicate_within_hour', 'duplicate_within_day', 'near_duplicate_within_day'
] %}
with months as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        provider_id,
        model_id,
        operation,
        {{ for_each(kinds, 'sum(@_count) as @_count, sum(@_cost_usd) as @_cost_usd') }},
        sum(request_count) as request_count,
        sum(input_tokens) as input_tokens,
        sum(contracted_cost_usd) as contracted_cost_usd
    from {{ ref('int_duplicates_daily') }}
    group by 1, 2, 3, 4, 5

),

looked_up as (

    select
        months.*,
        cast(
            cast(months.input_tokens as decimal(18, 0))
            * cast(costs.usd_per_million_tokens * cast(0.000001 as decimal(6, 6)) as decimal(18, 12))
            as decimal(38, 12)
        ) as near_lookup_cost_usd
    from months
    inner join {{ ref('answer_cache_costs') }} as costs on costs.cost_kind = 'near_lookup'

)

select
    month,
    feature_id,
    provider_id,
    model_id,
    operation,
    {% for kind in kinds %}
        cast({{ kind }}_count as bigint) as {{ kind }}_count,
        {{ ratio(kind ~ '_count', 'request_count') }} as {{ kind }}_share,
        cast({{ kind }}_cost_usd as decimal(38, 12)) as {{ kind }}_cost_usd,
    {% endfor %}
    cast(request_count as bigint) as request_count,
    cast(input_tokens as bigint) as input_tokens,
    cast(contracted_cost_usd as decimal(38, 12)) as contracted_cost_usd,
    near_lookup_cost_usd,
    -- where looking costs more than what is found, nobody looks
    cast(greatest(near_duplicate_within_day_cost_usd - near_lookup_cost_usd, 0) as decimal(38, 12))
        as near_saving_usd
from looked_up
