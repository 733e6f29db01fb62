-- grain: one row per month, pool, provider and model (or nobody, where nobody called)
-- Both bases of what a million tokens cost on machines that are paid by the hour: `used`, what was busy; and
-- `allocated`, with what stood idle, which ties to the bill.
{% set tokens = ['uncached_input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens'] %}
{% set counted = tokens + ['prefill_ms', 'decode_ms'] %}
with usage as (

    select
        cast(date_trunc('month', calls.usage_date) as date) as month,
        receivers.rule_number,
        calls.provider_id,
        calls.model_id,
        {{ for_each(counted, 'sum(calls.@) as @') }},
        coalesce(sum(calls.cost_usd), 0) as token_priced_cost_usd
    from {{ ref('fct_usage_hourly') }} as calls
    inner join {{ ref('int_pool_receivers') }} as receivers
        on
            {{ for_each(
                ['provider_id', 'model_id', 'deployment_id', 'feature_id', 'operation', 'environment'],
                'calls.@ is not distinct from receivers.@', ' and '
            ) }}
    where receivers.driver in ('tokens', 'gpu_seconds')
    group by 1, 2, 3, 4

),

costs as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        rule_number,
        pool_id,
        case when allocation_status = 'allocated' then provider_id else '(idle)' end as provider_id,
        case when allocation_status = 'allocated' then model_id else '(idle)' end as model_id,
        sum(allocated_cost_usd) as cost_usd,
        sum(driver_quantity) as driver_quantity
    from {{ ref('allocated_costs') }}
    where driver in ('tokens', 'gpu_seconds') and allocation_status in ('allocated', 'idle', 'unused')
    group by 1, 2, 3, 4, 5

),

-- what stood idle, over the models that were served; where none was, it has a row of its own
shared as (

    select
        *,
        sum(case when model_id = '(idle)' then cost_usd else 0 end) over (partition by rule_number, month) as idle_usd,
        sum(driver_quantity) over (partition by rule_number, month) as month_quantity
    from costs

),

weighed as (

    select
        *,
        case when month_quantity = 0 then 1 else driver_quantity end as idle_weight
    from shared
    where model_id <> '(idle)' or month_quantity = 0

),

based as (

    select
        costs.month,
        costs.rule_number,
        costs.pool_id,
        costs.provider_id,
        costs.model_id,
        case when costs.model_id = '(idle)' then 0 else costs.cost_usd end as used_cost_usd,
        costs.part as idle_cost_usd,
        case when costs.model_id = '(idle)' then 0 else costs.cost_usd end + costs.part as allocated_cost_usd,
        {{ for_each(counted + ['token_priced_cost_usd'], 'coalesce(usage.@, 0) as @') }}
    from {{ split_exactly(
        'weighed', 'idle_usd', 'idle_weight', 'rule_number, month', 'provider_id, model_id'
    ) }} as costs
    left join usage
        on {{ for_each(['month', 'rule_number', 'provider_id', 'model_id'], 'costs.@ = usage.@', ' and ') }}

),

parted as (

    -- without times a token written is taken to be 2.5 times the work of one read (OpenCost)
    {% set is_timed = 'prefill_ms + decode_ms > 0' %}
    {% set read = '(uncached_input_tokens + cache_write_tokens)' %}
    {% set input, output = read ~ ' * 2', 'output_tokens * 5' %}
    {% set work = 'case when ' ~ is_timed ~ ' then prefill_ms + decode_ms else ' ~ input ~ ' + ' ~ output ~ ' end' %}
    select
        *,
        case when {{ work }} = 0 then null when {{ is_timed }} then 'seconds' else 'tokens' end as split_method,
        -- to a millionth of the cost
        case when {{ work }} > 0 then {{ scaled_money(
            'allocated_cost_usd',
            whole_division('1000000 * case when ' ~ is_timed ~ ' then prefill_ms else ' ~ input ~ ' end', work)
        ) }} end as input_cost_usd
    from based

)

select
    month,
    rule_number,
    pool_id,
    provider_id,
    model_id,
    {{ for_each(
        ['used_cost_usd', 'idle_cost_usd', 'allocated_cost_usd', 'input_cost_usd', 'token_priced_cost_usd'],
        'cast(@ as decimal(38, 12)) as @'
    ) }},
    cast(allocated_cost_usd - input_cost_usd as decimal(38, 12)) as output_cost_usd,
    split_method,
    {{ for_each(tokens, 'cast(@ as bigint) as @') }},
    {{ ratio('used_cost_usd', 'allocated_cost_usd') }} as used_share,
    {% set delivered = tokens | join(' + ') %}
    {{ per_million('used_cost_usd', delivered) }} as used_cost_per_million_tokens_usd,
    {{ per_million('allocated_cost_usd', delivered) }} as allocated_cost_per_million_tokens_usd,
    -- what a cache answered was not read again
    {{ per_million('input_cost_usd', read) }} as cost_per_million_uncached_input_tokens_usd,
    {{ per_million('allocated_cost_usd - input_cost_usd', 'output_tokens') }} as cost_per_million_output_tokens_usd
from parted
