-- grain: one row per (provider, model) that a source named and stretch of usage days
{{ config(materialized='table') }}
-- A name means what we knew it to mean when its days were closed; one that was first seen later, what it meant first.
with learned as (

    select
        *,
        row_number() over (partition by provider_id, model_name order by learned_at, matched_by) as place
    from {{ ref('stg_prices__model_matches') }}

),

known as (

    select
        learned.provider_id,
        learned.model_name,
        times.valid_from_date,
        times.valid_to_date,
        coalesce(max(case when learned.learned_at <= times.known_at then learned.place end), 1) as place
    from learned
    cross join {{ ref('int_book_times') }} as times
    group by 1, 2, 3, 4

)

select
    -- what a log without a provider is called after attribution
    coalesce(nullif(known.provider_id, ''), '(unknown)') as provider_id,
    known.model_name,
    known.valid_from_date,
    known.valid_to_date,
    learned.price_source,
    learned.price_provider_id,
    learned.price_model_id,
    learned.matched_by,
    learned.litellm_model_id
from known
inner join learned
    on
        known.provider_id = learned.provider_id
        and known.model_name = learned.model_name
        and known.place = learned.place
