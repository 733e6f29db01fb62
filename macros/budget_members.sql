{# What a budget may be of → the member that a row of costs is of. #}
{% macro budget_members() -%}
    {{ return({
        'company': "'(all)'",
        'feature': 'costs.feature_id',
        'customer': 'costs.customer_id',
        'team': 'costs.team_id',
        'provider': 'costs.provider_id',
        'model': 'costs.model_id',
        'workload': 'costs.workload',
    }) }}
{%- endmacro %}
