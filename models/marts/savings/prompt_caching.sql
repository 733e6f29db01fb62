-- grain: one row per month, feature, model, way of caching and placement
-- What the input of calls cost as it is, and would have cost in each way that their model can be cached, or uncached.
{% set key = ['month', 'feature_id', 'provider_id', 'model_id'] %}
with months as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        feature_id,
        provider_id,
        model_id,
        policy_id,
        placement,
        is_automatic,
        max(case when replayed_by = 'conversations' then 1 else 0 end) as is_estimated,
        sum(request_count) as request_count,
        sum(input_tokens) as input_tokens,
        sum(read_tokens) as read_tokens,
        sum(write_tokens) as write_tokens,
        {{ for_each(['actual', 'uncached', 'read', 'write', 'gain', 'policy'], 'sum(@_cost_usd) as @_cost_usd') }}
    from {{ ref('int_caching_daily') }}
    group by 1, 2, 3, 4, 5, 6, 7

),

-- of each feature and model the way that covers most of its calls: a way may be newer than its month
whole as (

    select
        {{ for_each(key, '@') }},
        min_by(policy_id, concat(policy_id, placement)) as policy_id,
        max(case when is_automatic then 1 else 0 end) as is_automatic
    from months
    group by 1, 2, 3, 4

),

choices as (

    select
        *,
        2 as place
    from months
    union all
    -- not to cache, which is no choice where the provider caches by itself
    select
        {{ for_each(key, 'months.@') }},
        'none' as policy_id,
        '(none)' as placement,
        false as is_automatic,
        months.is_estimated,
        months.request_count,
        months.input_tokens,
        0 as read_tokens,
        0 as write_tokens,
        months.actual_cost_usd,
        months.uncached_cost_usd,
        cast(null as decimal(38, 12)) as read_cost_usd,
        cast(null as decimal(38, 12)) as write_cost_usd,
        cast(0 as decimal(38, 12)) as gain_cost_usd,
        months.uncached_cost_usd as policy_cost_usd,
        1 as place
    from months
    inner join whole
        on {{ for_each(key, 'months.@ = whole.@', ' and ') }} and months.policy_id = whole.policy_id
    where whole.is_automatic = 0 and months.placement = 'everything'

),

ranked as (

    select
        choices.*,
        {{ scaled_money('choices.gain_cost_usd', 'assumptions.error_share * 1000000') }} as error_usd,
        row_number() over (
            partition by {{ for_each(key, 'choices.@') }}
            order by
                choices.policy_cost_usd - choices.actual_cost_usd, choices.place, choices.policy_id, choices.placement
        ) as rank_in_choices
    from choices
    inner join {{ ref('savings_assumptions') }} as assumptions
        on
            assumptions.strategy = 'prompt_caching'
            and assumptions.evidence_kind
            = case choices.is_estimated when 1 then 'conversations' else 'fingerprints' end

)

select
    month,
    feature_id,
    provider_id,
    model_id,
    policy_id,
    placement,
    is_automatic,
    is_estimated = 1 as is_estimated,
    cast(request_count as bigint) as request_count,
    cast(input_tokens as bigint) as input_tokens,
    cast(read_tokens as bigint) as read_tokens,
    cast(write_tokens as bigint) as write_tokens,
    {{ ratio('read_tokens', 'input_tokens') }} as hit_share,
    -- what must be read for a write to pay for itself
    {{ ratio('write_cost_usd - uncached_cost_usd', 'write_cost_usd - read_cost_usd') }} as break_even_share,
    cast(actual_cost_usd as decimal(38, 12)) as actual_cost_usd,
    cast(uncached_cost_usd as decimal(38, 12)) as uncached_cost_usd,
    cast(policy_cost_usd as decimal(38, 12)) as policy_cost_usd,
    cast(actual_cost_usd - policy_cost_usd as decimal(38, 12)) as saving_usd,
    cast(actual_cost_usd - policy_cost_usd - error_usd as decimal(38, 12)) as low_saving_usd,
    cast(actual_cost_usd - policy_cost_usd + error_usd as decimal(38, 12)) as high_saving_usd,
    -- none of them is, where what is done may well cost less than all
    rank_in_choices = 1 and policy_cost_usd + error_usd < actual_cost_usd as is_best
from ranked
