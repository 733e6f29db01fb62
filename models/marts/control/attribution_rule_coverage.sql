-- grain: one row per attribution rule: what it set, and where it did not, why
-- `sets` something; `shadowed`: wherever it fits, rules before it set all that it would; `dead`: it fits nothing.
{% set targets = attribution_targets() %}
{% set summed = ['request_count', 'cost_usd', 'charge_count', 'taken_charge_count', 'charge_cost_usd'] %}
with fired as (

    select
        attribution_rules,
        {{ for_each(summed, 'sum(@) as @') }},
        min(usage_date) as first_date,
        max(usage_date) as last_date
    from (
        select
            attribution_rules,
            usage_date,
            request_count,
            cost_usd,
            0 as charge_count,
            0 as taken_charge_count,
            0 as charge_cost_usd
        from {{ ref('fct_usage_hourly') }}
        where attribution_rules <> '(none)'
        union all
        -- what calls cost, or a pool spreads, is told of them
        select
            charges.attribution_rules,
            charges.usage_date,
            0 as request_count,
            0 as cost_usd,
            1 as charge_count,
            case when costs.charge_id is null then 1 else 0 end as taken_charge_count,
            coalesce(costs.amount_usd, 0) as charge_cost_usd
        from {{ ref('fct_charges') }} as charges
        left join {{ ref('int_costs_ruled') }} as costs
            on charges.charge_id = costs.charge_id and costs.rule_number is null
        where charges.attribution_rules is not null and charges.effective_cost_usd <> 0
    ) as calls_and_charges
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
        {{ for_each(summed, 'sum(fired.@) as @') }},
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
    cast(coalesce(used.charge_count, 0) as bigint) as charge_count,
    cast(coalesce(used.taken_charge_count, 0) as bigint) as taken_charge_count,
    cast(coalesce(used.charge_cost_usd, 0) as decimal(38, 12)) as charge_cost_usd,
    used.first_date,
    used.last_date,
    cast(coalesce(matched.kind_count, 0) as bigint) as kind_count,
    cast(coalesce(matched.conflict_count, 0) as bigint) as conflict_count,
    matched.beaten_by_rule_number
from {{ ref('attribution_rules') }} as rules
left join used on rules.rule_number = used.rule_number
left join matched on rules.rule_number = matched.rule_number
