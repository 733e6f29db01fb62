{#
    The id of a trace or a span in hex. OTLP's JSON has hex; what writes it as protobuf's JSON does has base64: 24
    characters for the 16 bytes of a trace, 12 for the 8 of a span.
#}
{% macro hex_id(id) -%}
    case
        when length({{ id }}) in (12, 24) and {{ id }} like '%='
            then coalesce({{ adapter.dispatch('base64_to_hex')(id) }}, {{ id }})
        else lower({{ id }})
    end
{%- endmacro %}

{% macro default__base64_to_hex(text) -%}
    lower(hex(try(from_base64({{ text }}))))
{%- endmacro %}

{% macro spark__base64_to_hex(text) -%}
    lower(hex(unbase64({{ text }})))
{%- endmacro %}
