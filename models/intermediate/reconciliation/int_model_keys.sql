-- grain: one row per provider and name of a model, in calls or on a bill
{{ config(materialized='table') }}
-- Calls name a snapshot (gpt-5-2025-08-07) or an address (us.anthropic.claude-…-v1:0), bills a model: the key of the
-- first rule of seeds/model_name_rules.csv that fits is what both are called; `$1` is the first group of its pattern.
with names as (

    select
        provider_id,
        model_id
    from {{ ref('int_usage_rated_daily') }}
    union
    select
        provider_id,
        model_id
    from {{ ref('fct_charges') }}
    where model_id is not null

),

matched as (

    select
        names.provider_id,
        names.model_id,
        coalesce(
            case
                when rules.model_key = '$1' then nullif(regexp_extract(lower(names.model_id), rules.pattern, 1), '')
                else rules.model_key
            end,
            names.model_id
        ) as model_key,
        row_number() over (partition by names.provider_id, names.model_id order by rules.rule_number) as rule_rank
    from names
    left join {{ ref('model_name_rules') }} as rules
        on
            rules.provider_id in ('*', names.provider_id)
            and {{ matches_regex('lower(names.model_id)', 'rules.pattern') }}

)

select
    provider_id,
    model_id,
    model_key
from matched
where rule_rank = 1
