{# Whether a call's cost is known: priced, or known to be nothing of its own. #}
{% macro is_cost_known() -%}
    price_status in ('priced', 'free', 'self_hosted')
{%- endmacro %}
