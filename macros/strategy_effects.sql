{#
    Strategy → the effects of cost_change that it works by. A cache of answers has none: a call that was never made is in no
    cost, and neither is what it would have cost. History that is shorter is a window's, whatever shortened it. Machines
    are in no effect of calls.
#}
{% macro strategy_effects() -%}
    {{ return({
        'backpressure': ['retries'], 'context_window': ['history'],
        'over_retrieval': ['retrieved_context'], 'compression': ['retrieved_context'],
        'verbose_reasoning': ['reasoning'], 'routing': ['model_mix'],
        'prompt_caching': ['cache'], 'batch': ['service_tier'],
    }) }}
{%- endmacro %}
