-- grain: one row per provider, month of its calendar, and account and project that calls name
{{ config(materialized='table') }}
-- Whose bill calls are on: that of the account that they name, or of the account that pays for it (AWS) or for their
-- project; else, where the provider sends one bill only and no call names an account of it, that one.
with used as (

    select distinct
        provider_id,
        billing_month,
        billing_account_id,
        sub_account_id
    from {{ ref('int_billed_lines') }}
    where line_class = 'usage'

),

bills as (

    select
        provider_id,
        billing_month,
        min(billing_account_id) as billing_account_id
    from used
    group by 1, 2
    having count(distinct billing_account_id) = 1

),

accounts as (

    select
        provider_id,
        billing_month,
        billing_account_id
    from used
    group by 1, 2, 3

),

projects as (

    select
        provider_id,
        billing_month,
        sub_account_id,
        min(billing_account_id) as billing_account_id
    from used
    where sub_account_id is not null
    group by 1, 2, 3
    having count(distinct billing_account_id) = 1

),

callers as (

    select
        provider_id,
        cast(date_trunc('month', billing_date) as date) as billing_month,
        coalesce(billing_account_id, '') as called_account_id,
        coalesce(project_id, '') as called_project_id,
        sum(request_count) as request_count
    from {{ ref('int_usage_rated_daily') }}
    group by 1, 2, 3, 4

),

named as (

    select
        callers.*,
        coalesce(accounts.billing_account_id, payers.billing_account_id) as named_account_id,
        payers.sub_account_id as named_project_id,
        owners.billing_account_id as owner_account_id
    from callers
    left join accounts
        on
            callers.provider_id = accounts.provider_id
            and callers.billing_month = accounts.billing_month
            and callers.called_account_id = accounts.billing_account_id
    left join projects as payers
        on
            callers.provider_id = payers.provider_id
            and callers.billing_month = payers.billing_month
            and callers.called_account_id = payers.sub_account_id
    left join projects as owners
        on
            callers.provider_id = owners.provider_id
            and callers.billing_month = owners.billing_month
            and callers.called_project_id = owners.sub_account_id

)

select
    named.*,
    coalesce(
        named.named_account_id,
        named.owner_account_id,
        case
            when
                named.called_account_id = ''
                or count(named.named_account_id) over (partition by named.provider_id, named.billing_month) = 0
                then bills.billing_account_id
        end
    ) as billing_account_id
from named
left join bills
    on named.provider_id = bills.provider_id and named.billing_month = bills.billing_month
