-- Where two sources bill one account for one month (a Cost and Usage Report beside a FOCUS export), it is probably one
-- bill, and its money is there twice. It may be two bills: this warns and stops nothing.
{{ config(severity='warn') }}
select
    billing_account_id,
    billing_period_start_at,
    count(distinct source_id) as source_count,
    min(source_id) as first_source_id,
    max(source_id) as last_source_id
from {{ ref('fct_charges') }}
where billing_account_id is not null and (billed_cost <> 0 or effective_cost <> 0)
group by 1, 2
having count(distinct source_id) > 1
