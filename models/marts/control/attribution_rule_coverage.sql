-- grain: one row per attribution rule: what it set, and where it did not, why
-- `sets` something; `shadowed`: wherever it fits, rules before it set all that it would; `dead`: it fits no call.
{% set targets = attribution_targets() %}
with fired as (

    select
        attribution_rules,
        sum(request_count) as request_count,
        sum(cost_usd) as cost_usd,
        min(usage_date) as first_date,
        max(usage_date) as last_date
    from {{ ref('fct_usage_hourly') }}
    where attribution_rules <> '(none)'
    group by 1

),

-- a rule that sets two things of a call is told twice there
parts as (

    select
        attribution_rules,
        {{ exploded_list('attribution_rules') }} as part
    from fired

),

credited as (

    select distinct
        attribution_rules,
        cast(split_part(part, ':', 2) as bigint) as rule_number
    from parts

),

used as (

    select
        credited.rule_number,
        sum(fired.request_count) as request_count,
        sum(fired.cost_usd) as cost_usd,
        min(fired.first_date) as first_date,
        max(fired.last_date) as last_date
    from fired
    inner join credited on fired.attribution_rules = credited.attribution_rules
    group by 1

),

matched as (

    select
        matches.rule_number,
        count(*) as kind_count,
        sum(case
            when
            {% for target in targets %}
                    matches.set_{{ target }} <> won.set_{{ target }} {{ 'or' if not loop.last }}
            {% endfor %}
                then 1
            else 0
        end) as conflict_count,
        min(case
            {% for target in targets %}
                when matches.set_{{ target }} <> won.set_{{ target }}
                    then cast(regexp_extract(won.attribution_rules, '{{ target }}:([0-9]+)', 1) as bigint)
            {% endfor %}
        end) as beaten_by_rule_number
    from {{ ref('int_attribution_matches') }} as matches
    inner join {{ ref('int_attributions') }} as won on matches.kind_id = won.kind_id
    group by 1

)

select
    rules.rule_number,
    rules.reason,
    case
        when used.rule_number is not null then 'sets'
        when matched.rule_number is not null then 'shadowed'
        else 'dead'
    end as rule_status,
    cast(coalesce(used.request_count, 0) as bigint) as request_count,
    cast(coalesce(used.cost_usd, 0) as decimal(38, 12)) as cost_usd,
    used.first_date,
    used.last_date,
    cast(coalesce(matched.kind_count, 0) as bigint) as kind_count,
    cast(coalesce(matched.conflict_count, 0) as bigint) as conflict_count,
    matched.beaten_by_rule_number
from {{ ref('attribution_rules') }} as rules
left join used on rules.rule_number = used.rule_number
left join matched on rules.rule_number = matched.rule_number
