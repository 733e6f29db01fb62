-- grain: one row per source and shape of what it brings (requests, charges, revenue, capacity …)
-- The landing tells the day of a call. A bill and a revenue file land by their period: the facts know their days.
with landed as (

    select
        split_part(table_name, '__', 1) as source_id,
        split_part(table_name, '__', 2) as shape,
        count(distinct input_id) as input_count,
        sum(row_count) as row_count,
        max(usage_date) as last_usage_date
    from {{ ref('stg_landing__files') }}
    where change <> 'gone' and table_name not like 'prices__%' and table_name not like 'landing__%'
    group by 1, 2

),

intake as (

    select
        source_id,
        coalesce(nullif(split_part(table_name, '__', 2), ''), '(unknown)') as shape,
        max(case when state = 'landed' then landed_at end) as last_landed_at,
        count(distinct case when state = 'refused' then path end) as refused_input_count,
        sum(rejected_count) as rejected_count
    from {{ ref('stg_landing__inputs') }}
    group by 1, 2

),

dated as (

    select
        source_id,
        'charges' as shape,
        max(cast(charge_period_start_at as date)) as last_record_date
    from {{ ref('fct_charges') }}
    group by 1
    union all
    select
        source_id,
        'revenue' as shape,
        max(usage_date) as last_record_date
    from {{ ref('fct_revenue') }}
    group by 1

)

select
    coalesce(landed.source_id, nullif(intake.source_id, ''), '(unknown)') as source_id,
    coalesce(landed.shape, intake.shape) as shape,
    coalesce(dated.last_record_date, landed.last_usage_date) as last_record_date,
    intake.last_landed_at,
    cast(coalesce(landed.input_count, 0) as bigint) as input_count,
    cast(coalesce(landed.row_count, 0) as bigint) as row_count,
    cast(coalesce(intake.refused_input_count, 0) as bigint) as refused_input_count,
    cast(coalesce(intake.rejected_count, 0) as bigint) as rejected_count
from landed
full outer join intake
    on landed.source_id = intake.source_id and landed.shape = intake.shape
left join dated
    on landed.source_id = dated.source_id and landed.shape = dated.shape
