{#
    Models that sort or hold many rows say so, and are made a chunk of days at a time on DuckDB: what is sorted then stays
    in memory. A month of it in one statement goes to disk, at twice the time, or does not fit at all.
#}

{# That a day lies in the chunk that is being made. #}
{% macro is_in_chunk(day) -%}
    {{ day }} > {{ all_days()[0] }} and {{ day }} <= {{ all_days()[1] }}
{%- endmacro %}

{# Before the first day, and the last one: what stands in the SQL of a model that is made in one go. #}
{% macro all_days() -%}
    {{ return(["date '0001-01-01'", "date '9999-12-31'"]) }}
{%- endmacro %}

{#
    The SQL of a model, once for each chunk of it: whole days with at most so many rows, or one day with more. The rows are
    the calls that this build makes anew (int_touched_dates), or what the model's `meta` counts as `rows_by_day`. A model
    that asks for no chunk is made in one go.
#}
{% macro chunks_of_days(sql, most_rows=400000) -%}
    {% set first, last = all_days() %}
    {% if first not in sql %}
        {{ return([sql]) }}
    {% endif %}
    {% set days = run_query(config.get('meta', {}).get(
        'rows_by_day',
        'select usage_date, count(*) from intermediate.int_requests_costed '
        ~ 'where usage_date in (select usage_date from intermediate.int_touched_dates) '
        ~ 'group by 1 order by 1'
    )).rows %}
    {% set ends, sized = [], namespace(rows=0) %}
    {% for day in days %}
        {% if sized.rows and sized.rows + day[1] > most_rows %}
            {% do ends.append("date '" ~ days[loop.index0 - 1][0] ~ "'") %}
            {% set sized.rows = 0 %}
        {% endif %}
        {% set sized.rows = sized.rows + day[1] %}
    {% endfor %}
    {% set chunks = [] %}
    {% for end in ends + [last] %}
        {% set begin = ends[loop.index0 - 1] if loop.index0 else first %}
        {% do chunks.append(sql | replace(first, begin) | replace(last, end)) %}
    {% endfor %}
    {{ return(chunks) }}
{%- endmacro %}

{# What a model of prompts counts as `rows_by_day`: a log without any is gone through once, not a chunk at a time. #}
{% macro prompt_calls_by_day() -%}
    select usage_date, count(*) from intermediate.int_requests_costed
    where usage_date in (select usage_date from intermediate.int_touched_dates)
    and exists (select 1 from intermediate.int_requests_unioned where prompt_fingerprint is not null)
    group by 1 order by 1
{%- endmacro %}
