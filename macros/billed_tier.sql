{# The price class that a call or a billing line is in, in the same words for both: most lines name only the unusual. #}
{% macro billed_tier(service_tier, is_batch='false') -%}
    case
        when {{ is_batch }} or {{ service_tier }} like '%batch%' then 'batch'
        when {{ service_tier }} like '%flex%' then 'flex'
        when {{ service_tier }} like '%priority%' or {{ service_tier }} like '%fast%' then 'priority'
        else 'standard'
    end
{%- endmacro %}
