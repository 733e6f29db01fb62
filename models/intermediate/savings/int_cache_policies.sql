-- grain: one row per called model, way of caching and stretch of time in which it holds
{{ config(materialized='table') }}
-- Of seeds/cache_policies.csv the first line that fits the model, and those of the same patterns: its other ways.
with called as (

    select distinct
        provider_id,
        model_id
    from {{ ref('int_called_scopes') }}

),

fitting as (

    select
        called.provider_id,
        called.model_id,
        policies.rule_number,
        policies.provider_id as provider_pattern,
        policies.model_id as model_pattern,
        policies.policy_id,
        policies.lifetime_minutes * 60000 as lifetime_ms,
        policies.minimum_tokens,
        policies.block_tokens,
        policies.write_price,
        policies.is_automatic,
        policies.valid_from_date,
        policies.valid_to_date
    from called
    inner join {{ ref('cache_policies') }} as policies
        on
            {{ matches_pattern('lower(called.provider_id)', 'policies.provider_id') }}
            and {{ matches_pattern('lower(called.model_id)', 'policies.model_id') }}

),

chosen as (

    select
        provider_id,
        model_id,
        min_by(provider_pattern, rule_number) as provider_pattern,
        min_by(model_pattern, rule_number) as model_pattern
    from fitting
    group by 1, 2

)

select
    fitting.provider_id,
    fitting.model_id,
    fitting.policy_id,
    fitting.lifetime_ms,
    fitting.minimum_tokens,
    fitting.block_tokens,
    fitting.write_price,
    fitting.is_automatic,
    fitting.valid_from_date,
    fitting.valid_to_date
from fitting
inner join chosen
    on
        fitting.provider_id = chosen.provider_id
        and fitting.model_id = chosen.model_id
        and fitting.provider_pattern = chosen.provider_pattern
        and fitting.model_pattern = chosen.model_pattern
