{#
    The components that the cost of a call is stored in, by which it is held against a bill: name → what is counted, the
    same unit for all kinds of a component; NULL where it holds kinds of several units.
#}
{% macro usage_components() -%}
    {{ return({
        'input': 'uncached_input_tokens + input_audio_tokens + input_image_tokens + input_video_tokens',
        'cache_read': 'cache_read_tokens + cache_read_audio_tokens + cache_read_image_tokens',
        'cache_write': 'cache_write_5m_tokens + cache_write_30m_tokens + cache_write_1h_tokens'
            ~ ' + cache_write_12h_tokens + cache_write_unknown_tokens',
        'output': 'output_tokens + output_audio_tokens + output_image_tokens + output_video_tokens + citation_tokens',
        'tool': 'web_search_count + storage_search_count + code_execution_count + rerank_search_count',
        'other': 'cast(null as bigint)',
    }) }}
{%- endmacro %}

{# An expression for each component, `@` standing for its name and `#` for what is counted. #}
{% macro for_each_component(expression, separator=', ') -%}
    {% for component, quantity in usage_components().items() -%}
        {{ expression | replace('#', '(' ~ quantity ~ ')') | replace('@', component) }}{{ separator if not loop.last }}
    {% endfor %}
{%- endmacro %}
