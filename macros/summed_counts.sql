{#
    The sum of the counts in a JSON object of counts that was landed as its text, over the keys that match a pattern:
    of `{"input": 7, "input_audio": 2}`, summed_counts('details', 'input.*') is 9. 0 where no key matches.
#}
{% macro summed_counts(object, keys) -%}
    {% set counts = "regexp_extract_all(" ~ object ~ ", '\"(?:" ~ keys ~ ")\" *: *\"?([0-9]+)', 1)" -%}
    {{ return(adapter.dispatch('summed_counts')(counts)) }}
{%- endmacro %}

{% macro default__summed_counts(counts) -%}
    coalesce(cast(list_sum(list_transform({{ counts }}, lambda one: cast(one as bigint))) as bigint), 0)
{%- endmacro %}

{% macro spark__summed_counts(counts) -%}
    coalesce(aggregate({{ counts }}, cast(0 as bigint), (total, one) -> total + cast(one as bigint)), 0)
{%- endmacro %}
