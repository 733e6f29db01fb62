{# The calls with what they are made for: a subquery, fct_requests and `workload`. `only`: a condition on `calls`, which
   is asked before the workloads are looked up. #}
{% macro calls_by_workload(only=none) -%}
    (
        select
            calls.*,
            coalesce(workloads.workload, 'production') as workload
        from {{ ref('fct_requests') }} as calls
        left join {{ ref('int_workloads') }} as workloads
            on
                calls.environment = workloads.environment
                and calls.feature_id = workloads.feature_id
                and calls.customer_id = workloads.customer_id
                and calls.model_id = workloads.model_id
                and coalesce(calls.operation, '') = coalesce(workloads.operation, '')
        {{ 'where ' ~ only if only }}
    )
{%- endmacro %}
