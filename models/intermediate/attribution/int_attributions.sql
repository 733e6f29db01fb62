-- grain: one row per kind of call or charge that a rule attributes: what the first that fits sets, for each thing set
{{ config(materialized='table') }}
{% set targets = attribution_targets() %}
with won as (

    select
        kind_id,
        -- of a kind they are all the same
        {{ for_each(attribution_key(), 'min(@) as @') }},
    {% for target in targets %}
        min(case when set_{{ target }} is not null then rule_number end) as {{ target }}_rule,
        min_by(set_{{ target }}, case when set_{{ target }} is not null then rule_number end) as set_{{ target }}
    {{- ',' if not loop.last }}
    {% endfor %}
    from {{ ref('int_attribution_matches') }}
    group by 1

)

select
    {{ for_each(attribution_key(), '@') }},
    kind_id,
    {{ for_each(targets, 'set_@') }},
    -- customer_id:10 team_id:20
    nullif(
        concat_ws(
            ' ',
            {{ for_each(targets, "case when @_rule is not null then concat('@:', cast(@_rule as string)) end") }}
        ),
        ''
    ) as attribution_rules
from won
