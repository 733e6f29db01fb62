{#
    Near duplicates: prompts whose similarity (ingest/fingerprints.py: eight bytes, in hex) differs in no more bytes than
    the var near_duplicate_distance. No two prompts are compared: they are near where what is left of both is the same
    when some choice of so many bytes is covered. That is as exact as comparing all, at a row per call and choice.
#}

{#
    CTEs, the last of them `nearest`: how long ago a near one was called (near_gap_ms); no row where none was before.

    calls  a relation of call_number (64 bits that tell a call), group_number (prompts of different groups are not near),
           requested_at and record_number (their order) and prompt_similarity, which may be NULL
#}
{% macro near_duplicates(calls) -%}
    {% set distance = var('near_duplicate_distance') %}
    {% set same_bytes = '(partition by left_number order by requested_at, record_number, call_number)' %}
    bands as (

        select
            call_number,
            group_number,
            {{ left_of_similarity('prompt_similarity', bytes_outside_bands(distance + 1)) }} as left_bytes
        from {{ calls }}
        where length(prompt_similarity) = 16

    ),

    numbered_bands as (

        select
            call_number,
            {{ hashed(['group_number', 'left_bytes']) }} as left_number
        from bands

    ),

    -- most calls are near to none: only what shares a band with another is looked at
    candidates as (

        select distinct call_number
        from numbered_bands
        where left_number in (select left_number from numbered_bands group by 1 having count(*) > 1)

    ),

    remainders as (

        select
            call_number,
            group_number,
            requested_at,
            record_number,
            {{ left_of_similarity('prompt_similarity', modules.itertools.combinations(range(8), distance) | list) }}
                as left_bytes
        from {{ calls }}
        where call_number in (select call_number from candidates)

    ),

    -- what is sorted is narrow: of millions that differ hardly two have the same 64 bits
    numbered_remainders as (

        select
            call_number,
            requested_at,
            record_number,
            {{ hashed(['group_number', 'left_bytes']) }} as left_number
        from remainders

    ),

    near_gaps as (

        select
            call_number,
            {{ milliseconds_between('lag(requested_at) over ' ~ same_bytes, 'requested_at') }} as gap_ms
        from numbered_remainders

    ),

    nearest as (

        select
            call_number,
            min(gap_ms) as near_gap_ms
        from near_gaps
        where gap_ms is not null
        group by 1

    )
{%- endmacro %}

{#
    The bytes in one band more than may differ, each given by those outside it: near duplicates have the same in one at
    least.
#}
{% macro bytes_outside_bands(bands) -%}
    {% set outside = [] %}
    {% for band in range(bands) %}
        {% do outside.append(range(8) | reject('in', range(8 * band // bands, 8 * (band + 1) // bands)) | list) %}
    {% endfor %}
    {{ return(outside) }}
{%- endmacro %}

{# One row per choice of bytes: what is left of a similarity when they are covered. In a select beside other columns. #}
{% macro left_of_similarity(similarity, choices) -%}
    {%- set texts = [] -%}
    {%- for choice in choices -%}
        {%- set parts = [] -%}
        {%- set ends = choice | list + [8] -%}
        {%- for end in ends -%}
            {%- set begin = ends[loop.index0 - 1] + 1 if loop.index0 else 0 -%}
            {%- do parts.append('substr(%s, %d, %d)' | format(similarity, 2 * begin + 1, 2 * (end - begin))) -%}
        {%- endfor -%}
        {%- do texts.append(parts | join(", '..', ")) -%}
    {%- endfor -%}
    {{ exploded_list('concat(' ~ texts | join(", ' ', ") ~ ')') }}
{%- endmacro %}
