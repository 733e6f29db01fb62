{# Whether the provider refused a call for its rate: 429, by whatever word the source has for it. #}
{% macro is_rate_limited() -%}
    (
        status <> 'ok'
        and (
            error_code = '429'
            or lower(error_code) like '%rate%limit%'
            or lower(error_code) like '%too%many%requests%'
            or lower(error_code) in ('resource_exhausted', 'throttlingexception', 'insufficient_quota')
        )
    )
{%- endmacro %}
