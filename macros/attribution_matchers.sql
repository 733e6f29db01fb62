{# What a rule of seeds/attribution_rules.csv looks at: its column → what a logged call, or a charge, says there, `@`
   being the one or the other. #}
{% macro attribution_matchers(records='calls') -%}
    {% set said = {
        'source_id': ('@source_id', '@source_id'),
        'provider_id': ('@provider_id', '@provider_id'),
        'billing_account_id': ('@billing_account_id', '@billing_account_id'),
        'project_id': ('@project_id', '@sub_account_id'),
        'api_key_id': ('@api_key_id', '@api_key_id'),
        'user_id': ('@user_id', 'null'),
        'customer_id': ('@customer_id', 'null'),
        'feature_id': ('@feature_id', 'null'),
        'team_id': ('@team_id', 'null'),
        'environment': ('@environment', 'null'),
        'model_id': ('coalesce(@model_id, @requested_model)', '@model_id'),
        'operation': ('@operation', 'null'),
        'deployment_id': ('@deployment_id', 'null'),
        'tag': ("replace(@tags, '\": \"', '\":\"')", "replace(@tags, '\": \"', '\":\"')"),
        'charge_kind': ('null', '@charge_kind'),
        'sku_id': ('null', '@sku_id'),
        'resource_id': ('null', '@resource_id'),
        'line': ('null', charge_line('@')),
    } %}
    {% set names = {} %}
    {% for name, (of_call, of_charge) in said.items() %}
        {% do names.update({name: of_call if records == 'calls' else of_charge}) %}
    {% endfor %}
    {{ return(names) }}
{%- endmacro %}

{# What it may set; of charges all but the unit, which is made of calls. #}
{% macro attribution_targets() -%}
    {{ return(['customer_id', 'feature_id', 'team_id', 'environment', 'unit_id']) }}
{%- endmacro %}

{# The condition on which a call or charge is of a kind (`rules`), by the names that rules look at. #}
{% macro attributed_by(used, records='calls', alias='requests') -%}
    {% set matchers = attribution_matchers(records) %}
    rules.applies_to = '{{ records }}'
    {% for name in used -%}
        {% set said = "coalesce(" ~ matchers[name] | replace('@', alias ~ '.') ~ ", '(unattributed)')"
            if name in matchers -%}
        and {{ said or alias ~ '.usage_date' }} = rules.{{ name }}
    {% endfor %}
{%- endmacro %}

{# What tells the kinds of calls, or of charges, apart: the columns of int_attribution_kinds and int_charge_kinds but
   for their id. What no rule looks at is (any). #}
{% macro attribution_kind(used, records) -%}
    '{{ records }}' as applies_to,
    {% for name, said in attribution_matchers(records).items() %}
        {% set told = "coalesce(" ~ said | replace('@', '') ~ ", '(unattributed)')" %}
        {{ told if name in used else "'(any)'" }} as {{ name }},
    {% endfor %}
    {{ 'usage_date' if 'usage_date' in used else "date '2000-01-01'" }} as usage_date
{%- endmacro %}

{# The names of those columns. #}
{% macro attribution_key() -%}
    {{ return(['applies_to'] + attribution_matchers().keys() | list + ['usage_date']) }}
{%- endmacro %}

{# The value of a tag, `{tag:KEY}`, in tags as JSON text. #}
{% macro tag_value(tags, named) -%}
    split_part(split_part({{ tags }}, concat('"', substr({{ named }}, 6, length({{ named }}) - 6), '":"'), 2), '"', 1)
{%- endmacro %}
