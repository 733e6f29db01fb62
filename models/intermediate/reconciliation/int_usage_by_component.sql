-- grain: one row per provider's day, source, account, project, model, tier and component of calls
{% for component in usage_components() -%}
    select
        billing_date,
        cast(date_trunc('month', billing_date) as date) as billing_month,
        source_id,
        provider_id,
        coalesce(billing_account_id, '') as called_account_id,
        coalesce(project_id, '') as called_project_id,
        model_id as called_model_id,
        service_tier,
        '{{ component }}' as component,
        request_count,
        unpriced_request_count,
        {{ component }}_cost_usd as cost_usd,
        {{ component }}_quantity as quantity
    from {{ ref('int_usage_rated_daily') }}
    where {{ component }}_cost_usd <> 0 or {{ component }}_quantity <> 0
    {{ 'union all' if not loop.last }}
{% endfor %}
