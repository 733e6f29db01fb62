-- grain: one row per kind of charge that the attribution rules tell apart (and day, where a rule has dates)
{{ config(materialized='table') }}
-- Made anew each time, as charges are: a newer bill takes the place of an older one.
{% set used = attribution_used('charges') %}
with charged as (

    select distinct {{ attribution_kind(used, 'charges') }}
    from {{ ref('int_charges_kinded') }}
    {{ 'where false' if not used }}

)

select
    *,
    concat_ws(chr(31), {{ for_each(attribution_key(), 'cast(@ as string)') }}) as kind_id
from charged
