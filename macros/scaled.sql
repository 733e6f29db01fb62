{# A unit price × a factor below 1,000, to fifteen places; the price itself where there is no factor. #}
{% macro scaled(price, factor) -%}
    case
        when {{ factor }} is null then {{ price }}
        else cast(cast({{ price }} as decimal(18, 15)) * cast({{ factor }} as decimal(9, 6)) as decimal(18, 15))
    end
{%- endmacro %}
