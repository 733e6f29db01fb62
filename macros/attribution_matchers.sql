{# What a rule of seeds/attribution_rules.csv looks at: its column → what a logged call says there, `@` being
   the call. #}
{% macro attribution_matchers() -%}
    {{ return({
        'source_id': '@source_id',
        'provider_id': '@provider_id',
        'billing_account_id': '@billing_account_id',
        'project_id': '@project_id',
        'api_key_id': '@api_key_id',
        'user_id': '@user_id',
        'customer_id': '@customer_id',
        'feature_id': '@feature_id',
        'team_id': '@team_id',
        'environment': '@environment',
        'model_id': 'coalesce(@model_id, @requested_model)',
        'operation': '@operation',
        'deployment_id': '@deployment_id',
        'tag': "replace(@tags, '\": \"', '\":\"')",
    }) }}
{%- endmacro %}

{# What it may set. #}
{% macro attribution_targets() -%}
    {{ return(['customer_id', 'feature_id', 'team_id', 'environment', 'unit_id']) }}
{%- endmacro %}

{# The condition on which a call (`requests`) is of a kind (`rules`), by the names that rules look at. #}
{% macro attributed_by(used) -%}
    {% set matchers = attribution_matchers() %}
    {% for name in used -%}
        {% set said = "coalesce(" ~ matchers[name] | replace('@', 'requests.') ~ ", '(unattributed)')" if name in matchers -%}
        {{ said or 'requests.usage_date' }} = rules.{{ name }} {{ 'and' if not loop.last }}
    {% endfor %}
{%- endmacro %}
