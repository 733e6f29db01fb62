{#
    What the rules of seeds/attribution_rules.csv for calls, or for charges, look at or copy: names of
    attribution_matchers(), and `usage_date` where such a rule has dates. What no rule looks at tells no two of them
    apart; the first name is looked at by each rule, so that without a rule there is none.
#}
{% macro attribution_used(records='calls') -%}
    {% set rules = ref('attribution_rules') %}
    {% set names = attribution_matchers().keys() | list %}
    {% if not execute or load_relation(rules) is none %}
        {{ return(names + ['usage_date']) }}
    {% endif %}
    {% do refuse_unknown_attributions(rules, names) %}
    {% set looks %}
        select
            count(*),
            {% for name in names[1:] %}
                max(case
                    when {{ name }} <> '*' then 1
                    {% for target in attribution_targets() %}
                        when set_{{ target }} = '{' || '{{ name }}' || '}' then 1
                        {% if name == 'tag' %}
                            when set_{{ target }} like '{' || 'tag:%' then 1
                        {% endif %}
                    {% endfor %}
                    else 0
                end),
            {% endfor %}
            max(case when valid_from_date > date '2000-01-01' or valid_to_date < date '2100-01-01' then 1 else 0 end)
        from {{ rules }}
        where {{ matches_pattern("'" ~ records ~ "'", 'applies_to') }}
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

{# A rule that copies what there is not would set its own text on every call, one that sets what charges have not would
   set nothing: the build stops before that. #}
{% macro refuse_unknown_attributions(rules, names) -%}
    {% set unknown %}
        {% for target in attribution_targets() %}
            select rule_number, 'set_{{ target }}', set_{{ target }}
            from {{ rules }}
            where
                set_{{ target }} like '{' || '%'
                and set_{{ target }} not like '{' || 'tag:_%}'
                and set_{{ target }} not in ({{ for_each(names, "'{' || '@' || '}'") }})
            union all
        {% endfor %}
        select rule_number, 'applies_to', applies_to
        from {{ rules }}
        where applies_to not in ('calls', 'charges', '*')
        union all
        select rule_number, 'set_unit_id of charges', set_unit_id
        from {{ rules }}
        where applies_to = 'charges' and set_unit_id is not null
        order by 1, 2
    {% endset %}
    {% set allowed = {
        'applies_to': 'are calls, charges and *',
        'set_unit_id of charges': 'is nothing: units are made of calls',
    } %}
    {% for number, column, value in run_query(unknown).rows %}
        {% do exceptions.raise_compiler_error(
            'seeds/attribution_rules.csv, rule ' ~ number ~ ': ' ~ column ~ ' is ' ~ value ~ '; allowed '
            ~ allowed.get(
                column, 'are a text, - for nothing, {tag:KEY}, or one of these in braces: ' ~ names | join(', ')
            )
        ) %}
    {% endfor %}
{%- endmacro %}
