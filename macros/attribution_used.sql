{#
    What the rules of seeds/attribution_rules.csv look at, or copy: names of attribution_matchers(), and `usage_date`
    where a rule has dates. What no rule looks at tells no two calls apart; the first name is looked at by each, so
    that without a rule there is none.
#}
{% macro attribution_used() -%}
    {% set rules = ref('attribution_rules') %}
    {% set names = attribution_matchers().keys() | list %}
    {% if not execute or load_relation(rules) is none %}
        {{ return(names + ['usage_date']) }}
    {% endif %}
    {% set looks %}
        select
            count(*),
            {% for name in names[1:] %}
                max(case
                    when {{ name }} <> '*' then 1
                    {% for target in attribution_targets() %}
                        when set_{{ target }} = '{' || '{{ name }}' || '}' then 1
                    {% endfor %}
                    else 0
                end),
            {% endfor %}
            max(case when valid_from_date > date '2000-01-01' or valid_to_date < date '2100-01-01' then 1 else 0 end)
        from {{ rules }}
    {% endset %}
    {% set found = run_query(looks).rows[0] %}
    {% set used = [] %}
    {% for name in names + ['usage_date'] %}
        {% if found[loop.index0] %}
            {% do used.append(name) %}
        {% endif %}
    {% endfor %}
    {{ return(used) }}
{%- endmacro %}
