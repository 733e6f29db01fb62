{#
    What a cloud counts in: `1K`, `1M`, `10K`, `1 Million`, `100 Hours`, `1 GB/Month`, `1/Day`. The unit is what follows
    the block: `Hours`, `GB/Month`, NULL where nothing does.
#}

{# How many units one of it is: a thousand for `1K`, one for `Units`. NULL where it is. #}
{% macro unit_block(unit) -%}
    cast(
        case
            when {{ unit }} is not null then coalesce(nullif(regexp_extract({{ unit }}, '^ *([0-9]+)', 1), ''), '1')
        end as decimal(12, 0)
    )
    * cast(
        case regexp_extract(upper({{ unit }}), '^ *[0-9]+ *(K|M|B|MILLION|BILLION)($|[^A-Z])', 1)
            when 'K' then 1000
            when 'M' then 1000000
            when 'B' then 1000000000
            when 'MILLION' then 1000000
            when 'BILLION' then 1000000000
            else 1
        end as decimal(10, 0)
    )
{%- endmacro %}

{# A quantity in blocks as one in units, decimal(38, 18), exact to the fourteenth decimal of the blocks. #}
{% macro in_units(quantity, unit) -%}
    cast(cast({{ quantity }} as decimal(26, 14)) * cast({{ unit_block(unit) }} as decimal(12, 0)) as decimal(38, 18))
{%- endmacro %}

{% macro unit_name(unit) -%}
    nullif(trim(regexp_replace(
        {{ unit }}, '^ *[0-9]+ *(([KkMmBb]|[Mm]illion|[Bb]illion)($|[ /]))?', ''
    )), '')
{%- endmacro %}
