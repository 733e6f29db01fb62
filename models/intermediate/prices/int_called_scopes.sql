-- grain: one row per scope of calls on the touched dates and stretch of usage days on which its model means one thing
{{ config(materialized='incremental', incremental_strategy='append') }}
-- It grows by what the touched dates add, so that the price of every call that was ever rated stays in the book.
with called as (

    select distinct
        {{ price_scope_columns() }}
    from {{ ref('int_requests_deduplicated') }}
    cross join {{ ref('int_override_dimensions') }}

),

offered as (

    select distinct
        price_source,
        provider_id,
        model_id,
        service_tier
    from {{ ref('int_list_prices') }}

)

select
    called.*,
    concat_ws(
        '|', {{ for_each(price_scope(), 'called.@') }},
        cast(coalesce(matches.valid_from_date, date '2015-01-01') as string)
    ) as scope_id,
    coalesce(matches.valid_from_date, date '2015-01-01') as valid_from_date,
    coalesce(matches.valid_to_date, date '2100-01-01') as valid_to_date,
    matches.price_source,
    matches.price_provider_id,
    matches.price_model_id,
    -- a tier without a price of its own is billed as standard
    coalesce(offered.service_tier, 'standard') as price_tier
from called
left join {{ ref('int_model_matches') }} as matches
    on
        called.provider_id = matches.provider_id
        and called.model_id = matches.model_name
        and matches.price_model_id is not null
left join offered
    on
        matches.price_source = offered.price_source
        and matches.price_provider_id = offered.provider_id
        and matches.price_model_id = offered.model_id
        and called.service_tier = offered.service_tier
{% if is_incremental() %}
    left join {{ this }} as known
        on
            {{ for_each(price_scope(), 'called.@ = known.@', ' and ') }}
    where known.scope_id is null
{% endif %}
