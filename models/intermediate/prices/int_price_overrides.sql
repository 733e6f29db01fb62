-- grain: one row per price key and stretch of usage days on which some override or uplift holds
{{ config(materialized='table') }}
-- For each usage kind the most specific line holds: `own_<kind>` is the list price of a model of our own;
-- `effect_<kind>`, `contract_<kind>` and `discount_<kind>` say what we pay instead of the list price.
with usage_kinds as (

    {{ for_each(catalogue_kinds(), "select '@' as usage_kind", ' union all ') }}

),

held as (

    select
        *,
        -- that a provider is self-hosted counts where no line says what we pay: no part of a call is free beside one
        line_number is not null
        or count(line_number) over (partition by price_key, from_date, effect = 'list_price') = 0 as counts
    from {{ ref('int_held_terms') }}

),

ranked as (

    select
        held.price_key,
        held.from_date,
        held.line_number,
        held.effect,
        held.unit_price_usd,
        held.discount,
        held.exchange_rate,
        held.exchange_rate_date,
        held.exchange_rate_source,
        usage_kinds.usage_kind,
        -- a model's list price and a contract's price on it are two answers to two questions
        held.effect = 'list_price' as is_list,
        row_number() over (
            partition by held.price_key, held.from_date, usage_kinds.usage_kind, held.effect = 'list_price'
            order by held.precedence desc, held.line_number asc
        ) as place
    from held
    inner join usage_kinds
        on held.usage_kind is null or held.usage_kind = usage_kinds.usage_kind
    where held.counts and held.effect <> 'uplift'

),

overridden as (

    select
        price_key,
        from_date,
        {{ for_each(
            catalogue_kinds(), "max(case when usage_kind = '@' and is_list then unit_price_usd end) as own_@"
        ) }},
        {{ for_each(
            catalogue_kinds(), "max(case when usage_kind = '@' and not is_list then effect end) as effect_@"
        ) }},
        {{ for_each(
            catalogue_kinds(), "max(case when usage_kind = '@' and not is_list then unit_price_usd end) as contract_@"
        ) }},
        {{ for_each(
            catalogue_kinds(), "max(case when usage_kind = '@' and not is_list then discount end) as discount_@"
        ) }},
        -- free or self-hosted is a call of which every kind is
        case
            when sum(case when is_list then 0 else 1 end) < {{ catalogue_kinds() | length }} then null
            when count(distinct case when not is_list then effect end) = 1
                then max(case when not is_list then effect end)
        end as effect,
        -- a row tells one rate; contracts in two currencies have two
        case when count(distinct exchange_rate) = 1 then max(exchange_rate) end as exchange_rate,
        case when count(distinct exchange_rate) = 1 then max(exchange_rate_date) end as exchange_rate_date,
        case when count(distinct exchange_rate) = 1 then max(exchange_rate_source) end as exchange_rate_source
    from ranked
    where place = 1
    group by 1, 2

),

line_lists as (

    select
        price_key,
        from_date,
        {{ sorted_list('cast(line_number as string)') }} as override_lines
    from (
        select distinct
            price_key,
            from_date,
            line_number
        from ranked
        where place = 1 and line_number is not null
    ) as winning
    group by 1, 2

),

uplifted as (

    select
        price_key,
        from_date,
        max(factor) as uplift_factor
    from {{ ref('int_held_terms') }}
    where effect = 'uplift'
    group by 1, 2

)

select
    stretches.price_key,
    stretches.from_date,
    {{ for_each(
        catalogue_kinds(), 'overridden.own_@, overridden.effect_@, overridden.contract_@, overridden.discount_@'
    ) }},
    overridden.effect,
    line_lists.override_lines,
    overridden.exchange_rate,
    overridden.exchange_rate_date,
    overridden.exchange_rate_source,
    uplifted.uplift_factor
from {{ ref('int_price_stretches') }} as stretches
left join overridden
    on stretches.price_key = overridden.price_key and stretches.from_date = overridden.from_date
left join line_lists
    on stretches.price_key = line_lists.price_key and stretches.from_date = line_lists.from_date
left join uplifted
    on stretches.price_key = uplifted.price_key and stretches.from_date = uplifted.from_date
where overridden.price_key is not null or uplifted.price_key is not null
