-- grain: one row per kind of call or charge and attribution rule that fits it
{{ config(materialized='table') }}
{% set matchers = attribution_matchers() %}
{% set targets = attribution_targets() %}
with kinds as (

    select {{ for_each(['kind_id'] + attribution_key(), '@') }}
    from {{ ref('int_attribution_kinds') }}
    union all
    select {{ for_each(['kind_id'] + attribution_key(), '@') }}
    from {{ ref('int_charge_kinds') }}

)

select
    kinds.*,
    rules.rule_number,
{% for target in targets %}
    {% set rule = 'rules.set_' ~ target %}
    -- a column in braces is copied, of a tag its value; what nobody says is set by no rule
    nullif(
        nullif(
            case
                when {{ rule }} = '-' then null
                {% for name in matchers %}
                    when {{ rule }} = {{ "'{" ~ name ~ "}'" }} then kinds.{{ name }}
                {% endfor %}
                when {{ rule }} like {{ "'{tag:%'" }} then {{ tag_value('kinds.tag', rule) }}
                else {{ rule }}
            end,
            '(unattributed)'
        ),
        ''
    ) as set_{{ target }}{{ ',' if not loop.last }}
{% endfor %}
from kinds
inner join {{ ref('attribution_rules') }} as rules
    on
        {{ matches_pattern('kinds.applies_to', 'rules.applies_to') }}
        and kinds.usage_date >= rules.valid_from_date
        and kinds.usage_date < rules.valid_to_date
        {% for name in matchers %}
            and {{ matches_pattern('kinds.' ~ name, 'rules.' ~ name) }}
        {% endfor %}
