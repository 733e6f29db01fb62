-- grain: one row per anomaly, customer, model, region, API key and prompt version: what it used, and was expected to
{{ config(materialized='table') }}
{% set place = anomaly_places() | reject('equalto', 'prompt_version') | list %}
-- A new prompt version takes calls over from others. Of what is expected of a place each version has the share of its
-- calls: as many as usual are to use what calls of that version did, those beyond them what calls of its prompt did.
with named as (

    select
        *,
        regexp_extract(prompt_version, '^(.*)@', 1) as prompt_name
    from {{ ref('int_anomaly_usage') }}

),

versions as (

    select
        anomaly_id,
        prompt_name,
        prompt_version,
        sum(call_count) as call_count,
        sum(usual_call_count) as usual_call_count,
        sum(usual_quantity) as usual_quantity,
        -- of the prompt, or of all where it is new, too
        coalesce(
            sum(sum(usual_quantity)) over (partition by anomaly_id, prompt_name)
            / nullif(sum(sum(usual_call_count)) over (partition by anomaly_id, prompt_name), 0),
            sum(sum(usual_quantity)) over (partition by anomaly_id)
            / nullif(sum(sum(usual_call_count)) over (partition by anomaly_id), 0)
        ) as quantity_per_call
    from named
    group by 1, 2, 3

),

weighed as (

    select
        named.*,
        coalesce(named.call_count * case
            when versions.call_count > versions.usual_call_count
                then (
                    versions.usual_quantity
                    + (versions.call_count - versions.usual_call_count) * versions.quantity_per_call
                ) / versions.call_count
            else versions.usual_quantity / nullif(versions.usual_call_count, 0)
        end, 0) as weight
    from named
    inner join versions
        on named.anomaly_id = versions.anomaly_id and named.prompt_version = versions.prompt_version

)

select
    anomaly_id,
    {{ for_each(place, '@') }},
    prompt_version,
    quantity as actual,
    coalesce(
        sum(usual_quantity) over (partition by anomaly_id, {{ for_each(place, '@') }})
        * weight / nullif(sum(weight) over (partition by anomaly_id, {{ for_each(place, '@') }}), 0),
        -- nobody calls there any more
        usual_quantity
    ) as expected
from weighed
