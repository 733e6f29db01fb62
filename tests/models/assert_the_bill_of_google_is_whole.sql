-- No file holds more of a row (by its SKU, hour, project and time of export) than there are charges of it.
with landed as (

    select
        billing_account_id,
        sku_id,
        usage_start_time as charge_period_start_at,
        sum(row_count) as row_count
    from (
        select
            billing_account_id,
            sku_id,
            usage_start_time,
            export_time,
            max(row_count) as row_count
        from (
            select
                billing_account_id,
                sku_id,
                usage_start_time,
                export_time,
                input_id,
                count(*) as row_count
            from {{ source('gcp_billing', 'charges') }}
            group by 1, 2, 3, 4, 5
        ) as per_file
        group by 1, 2, 3, 4
    ) as told
    group by 1, 2, 3

),

charged as (

    select
        billing_account_id,
        sku_id,
        charge_period_start_at,
        count(*) as row_count
    from {{ ref('fct_charges') }}
    where source_id = 'gcp_billing'
    group by 1, 2, 3

)

select
    landed.*,
    charged.row_count as charged_count
from landed
left join charged
    on
        landed.billing_account_id = charged.billing_account_id
        and coalesce(landed.sku_id, '') = coalesce(charged.sku_id, '')
        and landed.charge_period_start_at = charged.charge_period_start_at
where coalesce(charged.row_count, 0) < landed.row_count
