-- grain: one row per rule and kind of call that its pool is spread over
{{ config(materialized='table') }}
-- Rules are looked at once for what calls have in common. The drivers that no call carries, conversations and revenue,
-- know customers and features only: there the rest of a call is (any).
with scopes as (

    select distinct
        'calls' as told_by,
        provider_id,
        model_id,
        deployment_id,
        feature_id,
        operation,
        environment
    from {{ ref('fct_usage_hourly') }}
    union all
    select
        told.told_by,
        '(any)' as provider_id,
        '(any)' as model_id,
        '(any)' as deployment_id,
        told.feature_id,
        '(any)' as operation,
        '(any)' as environment
    from (
        select distinct
            'conversations' as told_by,
            of_feature_id as feature_id
        from {{ ref('int_costs_by_member') }}
        where dimension = 'customer and feature'
        union all
        select distinct
            'revenue' as told_by,
            feature_id
        from {{ ref('int_revenue_allocated') }}
    ) as told

)

select
    rules.rule_number,
    rules.driver,
    rules.to_provider_id = '=' as is_of_provider,
    scopes.*
from {{ ref('allocation_rules') }} as rules
inner join scopes
    on
        scopes.told_by = case when rules.driver in ('conversations', 'revenue') then rules.driver else 'calls' end
        and (rules.to_provider_id = '=' or {{ matches_pattern('scopes.provider_id', 'rules.to_provider_id') }})
        {% for name in ['model_id', 'deployment_id', 'feature_id', 'environment'] -%}
            and {{ matches_pattern('scopes.' ~ name, 'rules.to_' ~ name) }}
        {% endfor %}
        -- what a call was for is not in every log
        and {{ matches_pattern("coalesce(scopes.operation, '')", 'rules.to_operation') }}
where rules.to_pool_id = '-'
