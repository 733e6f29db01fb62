-- grain: one row per model call of the touched dates
-- Of rows that are one call the first counts; where it is silent, it says what the others tell.
{% set told = ['response_id'] + enriching_columns() %}
select
    {% for name in canonical_columns('requests') %}
        {% if name in told %}
            coalesce(logged.{{ name }}, merged.{{ name }}) as {{ name }},
        {% else %}
            logged.{{ name }},
        {% endif %}
    {% endfor %}
    merged.enriched_by
from {{ ref('int_requests_unioned') }} as logged
left join {{ ref('int_requests_merged') }} as merged
    on
        logged.source_id = merged.source_id
        and logged.input_id = merged.input_id
        and logged.record_number = merged.record_number
where
    coalesce(merged.rank_in_call, 1) = 1
    and logged.usage_date in (select usage_date from {{ ref('int_touched_dates') }})
