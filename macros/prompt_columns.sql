{# What is kept of a prompt (ingest/fingerprints.py), as it landed. #}
{% macro prompt_columns() -%}
    prompt_fingerprint, prefix_fingerprints, prompt_similarity
{%- endmacro %}
