{#
    What is watched of a feature, each with the effects on cost that it stands for. `volume` is compared with weekdays
    like it, all others with the four weeks before. What logging costs is shared cost, which comes with bills: it is
    shown beside what is usual, and no alarm.
#}
{% macro driver_metrics() -%}
    {{ return({
        'volume': {
            'value': 'request_count - retry_count',
            'effects': ['requests', 'conversations', 'turns'],
        },
        'callers': {
            'value': 'caller_divergence',
            'effects': ['requests', 'conversations', 'turns'],
        },
        'attempts': {
            'value': 'request_count / nullif(request_count - retry_count, 0)',
            'effects': ['retries'],
        },
        'prompt_tokens': {
            'value': '(input_tokens - retrieved_context_tokens - history_tokens) / nullif(request_count, 0)',
            'effects': ['prompt_tokens'],
        },
        'retrieved_context': {
            'value': 'retrieved_context_tokens / nullif(request_count, 0)',
            'effects': ['retrieved_context'],
        },
        'history': {
            'value': 'history_tokens / nullif(request_count, 0)',
            'effects': ['history'],
        },
        'output_tokens': {
            'value': 'visible_tokens / nullif(request_count, 0)',
            'effects': ['output_tokens'],
        },
        'reasoning': {
            'value': 'reasoning_tokens / nullif(request_count, 0)',
            'effects': ['reasoning'],
        },
        'cache_misses': {
            'value': 'fresh_tokens / nullif(input_tokens, 0)',
            'effects': ['cache'],
        },
        'model_mix': {
            'value': 'mix_index',
            'effects': ['model_mix', 'service_tier'],
        },
        'price': {
            'value': 'price_index',
            'effects': ['price', 'discount'],
        },
        'observability': {
            'value': 'observability_cost_usd / nullif(request_count, 0)',
            'effects': [],
        },
        'other_use': {
            'value': 'other_cost_usd / nullif(request_count, 0)',
            'effects': ['other_use'],
        },
    }) }}
{%- endmacro %}

{# What int_model_days sums of a model, and int_driver_days of a feature, to tell drivers from. #}
{% macro driver_sums() -%}
    {{ return([
        'request_count', 'retry_count', 'input_tokens', 'retrieved_context_tokens', 'history_tokens', 'visible_tokens',
        'reasoning_tokens', 'fresh_tokens', 'other_cost_usd', 'cost_usd'
    ]) }}
{%- endmacro %}

{# What a driver did to cost: the sum of its effects in a relation of effects. #}
{% macro effect_of_driver(driver, effects) -%}
    case {{ driver }}
        {% for name, about in driver_metrics().items() if about.effects %}
            when '{{ name }}' then {{ for_each(about.effects, effects ~ '.@_effect_usd', ' + ') }}
        {% endfor %}
        else 0
    end
{%- endmacro %}
