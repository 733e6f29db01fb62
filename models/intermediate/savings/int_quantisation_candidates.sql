-- grain: one row per month, pool, provider and model on machines of one's own, and precision that it could have
{% set key = ['month', 'rule_number', 'provider_id', 'model_id'] %}
with served as (

    select distinct
        cast(date_trunc('month', costs.usage_date) as date) as month,
        costs.rule_number,
        costs.provider_id,
        costs.model_id
    from {{ ref('allocated_costs') }} as costs
    inner join {{ ref('self_hosted_providers') }} as own on costs.provider_id = own.provider_id
    where costs.driver in ('tokens', 'gpu_seconds') and costs.allocation_status = 'allocated'

),

models as (

    select
        {{ for_each(key, 'served.@') }},
        min_by(precisions.precision, precisions.rule_number) as from_precision
    from served
    inner join {{ ref('model_precisions') }} as precisions
        on {{ matches_pattern('lower(served.model_id)', 'precisions.model_id') }}
    group by 1, 2, 3, 4

),

running as (

    select
        cast(date_trunc('month', period_start_at) as date) as month,
        provider_id,
        model_id,
        max(running_request_count) as running_request_count
    from {{ ref('fct_capacity') }}
    where running_request_count is not null
    group by 1, 2, 3

),

-- of each precision the first line that fits
candidates as (

    select
        {{ for_each(key, 'models.@') }},
        machines.gpu_model,
        machines.gpu_count,
        lines.to_precision,
        min(lines.rule_number) as multiplier_number
    from models
    left join running on {{ for_each(['month', 'provider_id', 'model_id'], 'models.@ = running.@', ' and ') }}
    left join {{ ref('int_pool_machines') }} as machines
        on models.month = machines.month and models.rule_number = machines.rule_number
    inner join {{ ref('quantisation_multipliers') }} as lines
        on
            models.from_precision = lines.from_precision
            and {{ matches_pattern("coalesce(lower(machines.gpu_model), '')", 'lines.gpu_model') }}
            -- of a server that answers several calls at once never the figure of one that does not
            and lines.serving_mode = case when running.running_request_count <= 1 then 'single' else 'batched' end
    group by 1, 2, 3, 4, 5, 6, 7

)

select
    {{ for_each(key, 'candidates.@') }},
    candidates.gpu_model,
    candidates.gpu_count,
    lines.serving_mode,
    lines.from_precision,
    lines.to_precision,
    {{ for_each(['low', 'expected', 'high'], 'lines.@_multiplier') }},
    lines.quality_note,
    lines.stated_at,
    lines.source,
    lines.rule_number as multiplier_number
from candidates
inner join {{ ref('quantisation_multipliers') }} as lines on candidates.multiplier_number = lines.rule_number
