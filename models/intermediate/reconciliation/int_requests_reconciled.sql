-- grain: one row per model call (attempt)
-- What each component costs by the bill; NULL where the bill does not tell, and the rated cost holds.
select
    calls.*,
    factors.provider_id is not null as is_on_bill,
    -- most bills agree: a factor of 1 is not multiplied by
    {{ for_each_component(
        'case when factors.@_factor = 1 then calls.@_cost_usd'
        ~ ' when factors.@_factor is not null then ' ~ times('calls.@_cost_usd', 'factors.@_factor')
        ~ ' when factors.@_block_price_usd is not null then '
        ~ times(in_blocks('#', "'@'"), 'factors.@_block_price_usd') ~ ' end as @_invoiced_usd'
    ) }}
from {{ ref('int_requests_costed') }} as calls
left join {{ ref('int_reconciliation_factors') }} as factors
    on
        calls.provider_id = factors.provider_id
        and coalesce(calls.billing_account_id, '') = factors.called_account_id
        and coalesce(calls.project_id, '') = factors.called_project_id
        and calls.model_id = factors.called_model_id
        and calls.billing_date = factors.billing_date
