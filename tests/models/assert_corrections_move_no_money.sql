-- As billed and as corrected are two views of one sum of money.
with shown as (

    select
        source_id,
        provider_id,
        sum(billed_cost) as billed_cost,
        sum(corrected_cost) as corrected_cost
    from {{ ref('billed_and_corrected') }}
    group by 1, 2

),

charged as (

    select
        source_id,
        provider_id,
        sum(billed_cost) as billed_cost
    from {{ ref('fct_charges') }}
    group by 1, 2

)

select
    charged.source_id,
    charged.provider_id,
    charged.billed_cost,
    shown.billed_cost as shown_as_billed,
    shown.corrected_cost as shown_as_corrected
from charged
left join shown
    on charged.source_id = shown.source_id and charged.provider_id = shown.provider_id
where
    coalesce(charged.billed_cost, 0) <> coalesce(shown.billed_cost, 0)
    or coalesce(charged.billed_cost, 0) <> coalesce(shown.corrected_cost, 0)
