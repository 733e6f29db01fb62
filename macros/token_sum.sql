{# All tokens of a call: its leaves are disjoint; reasoning_tokens lie inside of the output. #}
{% macro token_sum(requests) -%}
    {% for column in canonical_columns('requests') if column.endswith('_tokens') and column != 'reasoning_tokens' -%}
        coalesce({{ requests }}.{{ column }}, 0){{ ' + ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
