-- A line of seeds/budgets.csv that can not be meant stops the build, which says which line, and what is wrong with it:
-- a budget that nothing is ever held against would look like one that is kept.
with beside as (

    select
        *,
        min(concat(dimension, ' ', member_id)) over (partition by budget_id) as least_member,
        max(concat(dimension, ' ', member_id)) over (partition by budget_id) as greatest_member,
        lead(valid_from_date) over (partition by budget_id order by valid_from_date) as next_from_date
    from {{ ref('budgets') }}

),

wrong as (

    select
        budget_id,
        case
            when budget_id is null then 'has no budget_id'
            when dimension is null or dimension not in ('{{ budget_members() | join("', '") }}')
                then 'dimension is none of {{ budget_members() | join(", ") }}'
            when member_id is null or (dimension = 'company' and member_id <> '(all)')
                then 'member_id is not said, or, of the company, not (all)'
            when least_member <> greatest_member then 'is of two members: give one another budget_id'
            when amount_usd is null or amount_usd <= 0 then 'amount_usd is not above 0'
            when warn_at_share is null or warn_at_share <= 0 or warn_at_share > 1
                then 'warn_at_share is not above 0 and at most 1'
            when valid_from_date is null or valid_from_date <> cast(date_trunc('month', valid_from_date) as date)
                then 'valid_from_date is not the first day of a month'
            when valid_to_date <> cast(date_trunc('month', valid_to_date) as date)
                then 'valid_to_date is not the first day of a month'
            when valid_to_date <= valid_from_date then 'valid_to_date is not after valid_from_date'
            when valid_to_date > next_from_date then 'has two amounts for a month: end the earlier line earlier'
        end as problem
    from beside

),

listed as (

    select {{ sorted_list("concat(coalesce(budget_id, '(none)'), ' ', problem)") }} as problems
    from wrong
    where problem is not null

)

select problems
from listed
where
    problems <> ''
    and {{ raise_error("concat('seeds/budgets.csv: ', problems)") }} is null
