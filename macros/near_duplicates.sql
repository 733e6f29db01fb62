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
            {{ exploded(left_of_similarities(bytes_outside_bands(distance + 1))) }} as left_number
        from {{ calls }}
        where length(prompt_similarity) = 16

    ),

    -- most calls are near to none: only what shares a band with another is looked at
    candidates as (

        select distinct call_number
        from bands
        where left_number in (select left_number from bands group by 1 having count(*) > 1)

    ),

    remainders as (

        select
            call_number,
            requested_at,
            record_number,
            {{ exploded(left_of_similarities(modules.itertools.combinations(range(8), distance))) }} as left_number
        from {{ calls }}
        where call_number in (select call_number from candidates)

    ),

    near_gaps as (

        select
            call_number,
            {{ milliseconds_between('lag(requested_at) over ' ~ same_bytes, 'requested_at') }} as gap_ms
        from remainders

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

{#
    For each choice of bytes, what is left of a similarity when they are covered, and its group, as 64 bits: what is grouped
    and sorted is narrow, and of millions that differ hardly two have the same.
#}
{% macro left_of_similarities(choices) -%}
    {% set lefts = [] %}
    {% for choice in choices %}
        {% set parts = [] %}
        {% set ends = choice | list + [8] %}
        {% for end in ends %}
            {% set begin = ends[loop.index0 - 1] + 1 if loop.index0 else 0 %}
            {% do parts.append('substr(prompt_similarity, %d, %d)' | format(2 * begin + 1, 2 * (end - begin))) %}
        {% endfor %}
        {% do lefts.append(hashed(['group_number', 'concat(' ~ parts | join(", '..', ") ~ ')'])) %}
    {% endfor %}
    {{ return(lefts) }}
{%- endmacro %}
