{#
    What the usage of a call cost, of one component or of all: Σ quantity × price over the kinds, each rounded once.
    Over the relations `requests` and `prices`; NULL where something was used that has no price.

    component  of usage_kinds(); none: all
    price      'list_' for the list price
#}
{% macro usage_cost(component=none, price='') -%}
    {% set kinds = usage_kinds() | selectattr('component', 'equalto', component) | list if component else usage_kinds() %}
    {% set usual, rare = kinds | selectattr('usual', 'defined') | list, kinds | selectattr('usual', 'undefined') | list %}
    {% for kind in usual -%}
        {{ kind_cost(kind, price) }}
        {{- ' + ' if rare or not loop.last }}
    {% endfor %}
    {% if rare -%}
        -- asked once, since nearly every call has none of them
        case
            when {% for kind in rare %}({{ kind.quantity }}){{ ' + ' if not loop.last }}{% endfor %} = 0
                then cast(0 as decimal(28, 12))
            else {% for kind in rare %}{{ kind_cost(kind, price) }}{{ ' + ' if not loop.last }}{% endfor %}
        end
    {%- endif %}
{%- endmacro %}

{% macro kind_cost(kind, price) -%}
    {{ component_cost('(' ~ kind.quantity ~ ')', 'prices.' ~ price ~ kind.name ~ '_price', kind.get('scale', 0)) }}
{%- endmacro %}
