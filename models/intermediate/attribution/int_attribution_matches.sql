-- grain: one row per kind of call and attribution rule that fits it
{{ config(materialized='table') }}
{% set matchers = attribution_matchers() %}
{% set targets = attribution_targets() %}
select
    kinds.kind_id,
    rules.rule_number,
{% for target in targets %}
    -- a column in braces is copied; what nobody says is set by no rule
    nullif(
        case rules.set_{{ target }}
            when '-' then null
            {% for name in matchers %}
                when {{ "'{" ~ name ~ "}'" }} then kinds.{{ name }}
            {% endfor %}
            else rules.set_{{ target }}
        end,
        '(unattributed)'
    ) as set_{{ target }}{{ ',' if not loop.last }}
{% endfor %}
from {{ ref('int_attribution_kinds') }} as kinds
inner join {{ ref('attribution_rules') }} as rules
    on
        kinds.usage_date >= rules.valid_from_date
        and kinds.usage_date < rules.valid_to_date
        {% for name in matchers %}
            and {{ matches_pattern('kinds.' ~ name, 'rules.' ~ name) }}
        {% endfor %}
