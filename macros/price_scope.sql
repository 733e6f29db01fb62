{#
    What decides the price of a call, as expressions over the canonical requests: column → expression, never NULL.
    `uses` is int_override_dimensions: who called decides only where some override asks for it, so that a thousand API
    keys at one price are one scope.
#}
{% macro price_scope() -%}
    {{ return({
        'provider_id': "coalesce(nullif(provider_id, ''), '(unknown)')",
        'model_id': "coalesce(model_id, requested_model, '(unknown)')",
        'service_tier': "case when is_batch then 'batch' "
            ~ "else coalesce(nullif(nullif(nullif(service_tier, ''), 'default'), 'auto'), 'standard') end",
        'region_id': "coalesce(region_id, '')",
        'billing_account_id': "case when uses_billing_account then coalesce(billing_account_id, '') else '' end",
        'project_id': "case when uses_project then coalesce(project_id, '') else '' end",
        'api_key_id': "case when uses_api_key then coalesce(api_key_id, '') else '' end",
        'deployment_id': "case when uses_deployment then coalesce(deployment_id, '') else '' end",
    }) }}
{%- endmacro %}

{% macro price_scope_columns() -%}
    {% for name, expression in price_scope().items() -%}
        {{ expression }} as {{ name }}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}
