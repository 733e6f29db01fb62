{#
    What a call can be billed for, in the order in which a person reads it: the kinds of the canonical requests.

    name         what its price is called in the price book: <name>_price
    quantity     how many of it a call used, over the relations `requests` (calls) and `prices` (the rate card); the
                 kinds are disjoint, so their costs add up
    scale        decimals of the quantity, where it has some
    catalogue    the usage kinds of the catalogue that price it, the first one that has a price counts; a kind without a
                 price of its own costs what the kind that contains it costs (genai-prices, units.py): a cache read
                 without a read price is ordinary input
    unless       where this usage kind has a price, only the first of the catalogue counts: who bills cache writes bills
                 those of twelve hours dearer (OpenAI: twice), and without their price they have none
    component    the cost column of a call that it is part of
    usual        most calls use it
    unit         how a person reads the quantity; prices of tokens are shown for a million, of all else for one
#}
{% macro usage_kinds() -%}
    {# part of the output, and billed as output but by the few models that price it apart #}
    {% set reasoning = 'case when prices.reasoning_price is null then 0 '
        ~ 'else least(requests.reasoning_tokens, requests.output_tokens) end' %}
    {# some providers bill the shortest audio as ten seconds (Groq: "minimum billed length") #}
    {% set seconds = 'case when requests.audio_seconds > 0 '
        ~ 'and requests.audio_seconds < prices.minimum_audio_seconds then prices.minimum_audio_seconds '
        ~ 'else requests.audio_seconds end' %}
    {{ return([
        {'name': 'input', 'component': 'input', 'unit': 'tokens', 'usual': true,
         'quantity': 'requests.uncached_input_tokens',
         'catalogue': ['input_tokens']},
        {'name': 'input_audio', 'component': 'input', 'unit': 'tokens',
         'quantity': 'requests.input_audio_tokens',
         'catalogue': ['input_audio_tokens', 'input_tokens']},
        {'name': 'input_image', 'component': 'input', 'unit': 'tokens',
         'quantity': 'requests.input_image_tokens',
         'catalogue': ['input_image_tokens', 'input_tokens']},
        {'name': 'input_video', 'component': 'input', 'unit': 'tokens',
         'quantity': 'requests.input_video_tokens',
         'catalogue': ['input_video_tokens', 'input_tokens']},
        {'name': 'cache_read', 'component': 'cache_read', 'unit': 'tokens', 'usual': true,
         'quantity': 'requests.cache_read_tokens',
         'catalogue': ['cache_read_tokens', 'input_tokens']},
        {'name': 'cache_read_audio', 'component': 'cache_read', 'unit': 'tokens',
         'quantity': 'requests.cache_read_audio_tokens',
         'catalogue': ['cache_audio_read_tokens', 'input_audio_tokens', 'cache_read_tokens', 'input_tokens']},
        {'name': 'cache_read_image', 'component': 'cache_read', 'unit': 'tokens',
         'quantity': 'requests.cache_read_image_tokens',
         'catalogue': ['cache_image_read_tokens', 'input_image_tokens', 'cache_read_tokens', 'input_tokens']},
        {'name': 'cache_write', 'component': 'cache_write', 'unit': 'tokens', 'usual': true,
         'quantity': 'requests.cache_write_tokens - requests.cache_write_1h_tokens - requests.cache_write_12h_tokens',
         'catalogue': ['cache_write_5m_tokens', 'cache_write_tokens', 'input_tokens']},
        {'name': 'cache_write_1h', 'component': 'cache_write', 'unit': 'tokens', 'usual': true,
         'quantity': 'requests.cache_write_1h_tokens',
         'catalogue': ['cache_write_1h_tokens', 'cache_write_tokens', 'input_tokens']},
        {'name': 'cache_write_12h', 'component': 'cache_write', 'unit': 'tokens',
         'quantity': 'requests.cache_write_12h_tokens',
         'catalogue': ['cache_write_12h_tokens', 'input_tokens'], 'unless': 'cache_write_tokens'},
        {'name': 'output', 'component': 'output', 'unit': 'tokens', 'usual': true,
         'quantity': 'requests.output_tokens - ' ~ reasoning,
         'catalogue': ['output_tokens']},
        {'name': 'reasoning', 'component': 'output', 'unit': 'tokens',
         'quantity': reasoning,
         'catalogue': ['output_reasoning_tokens']},
        {'name': 'output_audio', 'component': 'output', 'unit': 'tokens',
         'quantity': 'requests.output_audio_tokens',
         'catalogue': ['output_audio_tokens', 'output_tokens']},
        {'name': 'output_image', 'component': 'output', 'unit': 'tokens',
         'quantity': 'requests.output_image_tokens',
         'catalogue': ['output_image_tokens', 'output_tokens']},
        {'name': 'output_video', 'component': 'output', 'unit': 'tokens',
         'quantity': 'requests.output_video_tokens',
         'catalogue': ['output_video_tokens', 'output_tokens']},
        {'name': 'citation', 'component': 'output', 'unit': 'tokens',
         'quantity': 'requests.citation_tokens',
         'catalogue': ['output_citation_tokens', 'output_tokens']},
        {'name': 'web_search', 'component': 'tool', 'unit': 'searches',
         'quantity': 'requests.web_search_count',
         'catalogue': ['web_searches']},
        {'name': 'storage_search', 'component': 'tool', 'unit': 'searches',
         'quantity': 'requests.storage_search_count',
         'catalogue': ['storage_searches']},
        {'name': 'code_execution', 'component': 'tool', 'unit': 'executions',
         'quantity': 'requests.code_execution_count',
         'catalogue': ['code_executions']},
        {'name': 'rerank_search', 'component': 'tool', 'unit': 'searches',
         'quantity': 'requests.rerank_search_count',
         'catalogue': ['rerank_searches']},
        {'name': 'cache_storage', 'component': 'other', 'unit': 'token-hours', 'scale': 3,
         'quantity': 'requests.cache_storage_token_hours',
         'catalogue': ['cache_storage_token_hours']},
        {'name': 'image', 'component': 'other', 'unit': 'images',
         'quantity': 'requests.image_count',
         'catalogue': ['images']},
        {'name': 'audio_second', 'component': 'other', 'unit': 'seconds', 'scale': 3,
         'quantity': seconds,
         'catalogue': ['input_audio_seconds', 'audio_seconds']},
        {'name': 'character', 'component': 'other', 'unit': 'characters',
         'quantity': 'requests.character_count',
         'catalogue': ['input_characters']},
        {'name': 'page', 'component': 'other', 'unit': 'pages',
         'quantity': 'requests.page_count',
         'catalogue': ['input_document_pages']},
        {'name': 'annotated_page', 'component': 'other', 'unit': 'pages',
         'quantity': 'requests.annotated_page_count',
         'catalogue': ['input_annotated_document_pages', 'input_document_pages']},
        {'name': 'message', 'component': 'other', 'unit': 'messages',
         'quantity': 'requests.message_count',
         'catalogue': ['input_text_messages']},
        {'name': 'request', 'component': 'other', 'unit': 'requests',
         'quantity': 'case when prices.request_price is null then 0 else 1 end',
         'catalogue': ['requests']},
    ]) }}
{%- endmacro %}

{% macro usage_kind_names() -%}
    {{ return(usage_kinds() | map(attribute='name') | list) }}
{%- endmacro %}

{# Every usage kind of the catalogue that prices a kind of ours, once. #}
{% macro catalogue_kinds() -%}
    {% set names = [] %}
    {% for kind in usage_kinds() %}
        {% for usage_kind in kind.catalogue if usage_kind not in names %}
            {% do names.append(usage_kind) %}
        {% endfor %}
    {% endfor %}
    {{ return(names) }}
{%- endmacro %}

{#
    The price of each kind, under its name: of its usage kinds, the first that has one.

    prices  prefixes of the columns <prefix>_<usage kind>; the second one counts where no usage kind has the first
    name    prefix of the column that results
#}
{% macro kind_prices(prices, name='') -%}
    {% for kind in usage_kinds() -%}
        coalesce(
            {%- for price in prices %}{% for usage_kind in kind.catalogue -%}
                {%- if kind.unless and not loop.first -%}
                    case when coalesce({{ for_each(prices, '@_' ~ kind.unless) }}) is null
                        then {{ price }}_{{ usage_kind }} end,{{ ' ' }}
                {%- else -%}
                    {{ price }}_{{ usage_kind }},{{ ' ' }}
                {%- endif -%}
            {%- endfor %}{% endfor -%}
            null
        ) as {{ name }}{{ kind.name }}_price{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{# The kinds as a relation: kind_number, usage_kind (our name), unit, component. #}
{% macro usage_kind_rows() -%}
    {% for kind in usage_kinds() -%}
        select
            cast({{ loop.index }} as bigint) as kind_number,
            '{{ kind.name }}' as usage_kind,
            '{{ kind.unit }}' as unit,
            '{{ kind.component }}' as component
        {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{# Of the kind of the row, an expression: `@` stands for its name; none: its quantity. #}
{% macro of_usage_kind(expression=none) -%}
    case usage_kind
        {% for kind in usage_kinds() -%}
            when '{{ kind.name }}' then
            {{ expression | replace('@', kind.name) if expression else 'cast(' ~ kind.quantity ~ ' as decimal(22, 3))' }}
        {% endfor %}
    end
{%- endmacro %}

{# Prices as people read them: a token's for a million of them, all else for one. #}
{% macro readable_prices() -%}
    {% for kind in usage_kinds() -%}
        {% if kind.unit == 'tokens' -%}
            cast(cast({{ kind.name }}_price as decimal(28, 15)) * 1000000 as decimal(38, 12))
            as {{ kind.name }}_per_million_usd
        {%- else -%}
            cast({{ kind.name }}_price as decimal(38, 15)) as {{ kind.name }}_price_usd
        {%- endif %}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}
