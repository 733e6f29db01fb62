-- grain: one row per month, feature, provider and model whose calls reasoned
-- Likely spared: what is beyond twice the median of the day's calls like it. At most: all that is beyond the median.
select
    cast(date_trunc('month', usage_date) as date) as month,
    feature_id,
    provider_id,
    model_id,
    {{ for_each(
        [
            'reasoning_request_count', 'output_tokens', 'reasoning_tokens', 'over_median_tokens',
            'over_double_median_tokens'
        ],
        'cast(sum(@) as bigint) as @'
    ) }},
    {{ ratio('sum(reasoning_tokens)', 'sum(output_tokens)') }} as reasoning_share,
    {{ for_each(['output', 'reasoning'], 'cast(sum(@_cost_usd) as decimal(38, 12)) as @_cost_usd') }},
    cast(0 as decimal(38, 12)) as low_saving_usd,
    cast(sum(over_double_median_cost_usd) as decimal(38, 12)) as expected_saving_usd,
    cast(sum(over_median_cost_usd) as decimal(38, 12)) as high_saving_usd
from {{ ref('int_reasoning_daily') }}
group by 1, 2, 3, 4
