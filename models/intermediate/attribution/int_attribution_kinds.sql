-- grain: one row per kind of call that the attribution rules tell apart (and usage day, where a rule has dates)
{{ config(materialized='incremental', incremental_strategy='append') }}
-- It grows by what the touched dates add. What no rule looks at is (any): rules are tried on few kinds, not on calls.
{% set used, matchers = attribution_used(), attribution_matchers() %}
{% set key = (matchers.keys() | list) + ['usage_date'] %}
with called as (

    select distinct
        {% for name, said in matchers.items() %}
            {% set logged = "coalesce(" ~ said | replace('@', '') ~ ", '(unattributed)')" %}
            {{ logged if name in used else "'(any)'" }} as {{ name }},
        {% endfor %}
        {{ 'usage_date' if 'usage_date' in used else "date '2000-01-01'" }} as usage_date
    from {{ ref('int_requests_deduplicated') }}
    {{ 'where false' if not used }}

)

select
    called.*,
    concat_ws(chr(31), {{ for_each(key, 'cast(called.@ as string)') }}) as kind_id
from called
{% if is_incremental() %}
    left join {{ this }} as known
        on {{ for_each(key, 'called.@ = known.@', ' and ') }}
    where known.kind_id is null
{% endif %}
