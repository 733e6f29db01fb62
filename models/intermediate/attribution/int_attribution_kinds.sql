-- grain: one row per kind of call that the attribution rules tell apart (and usage day, where a rule has dates)
{{ config(materialized='incremental', incremental_strategy='append') }}
-- It grows by what the touched dates add. What no rule looks at is (any): rules are tried on few kinds, not on calls.
{% set used = attribution_used() %}
with called as (

    select distinct {{ attribution_kind(used, 'calls') }}
    from {{ ref('int_requests_deduplicated') }}
    {{ 'where false' if not used }}

)

select
    called.*,
    concat_ws(chr(31), {{ for_each(attribution_key(), 'cast(called.@ as string)') }}) as kind_id
from called
{% if is_incremental() %}
    left join {{ this }} as known
        on {{ for_each(attribution_key(), 'called.@ = known.@', ' and ') }}
    where known.kind_id is null
{% endif %}
