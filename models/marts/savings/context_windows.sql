-- grain: one row per month, feature, provider, model and window
select
    cast(date_trunc('month', windows.usage_date) as date) as month,
    windows.feature_id,
    windows.provider_id,
    windows.model_id,
    windows.window_turns,
    cast(max(windows.longest_turn_count) as bigint) as longest_turn_count,
    cast(sum(windows.request_count) as bigint) as request_count,
    cast(sum(windows.input_tokens) as bigint) as input_tokens,
    cast(sum(windows.spared_tokens) as bigint) as spared_tokens,
    {{ ratio('sum(windows.spared_tokens)', 'sum(windows.input_tokens)') }} as spared_share,
    cast(sum({{ converted('windows.input_cost') }}) as decimal(38, 12)) as input_cost_usd,
    cast(sum({{ converted('windows.uncached_spared_cost') }}) as decimal(38, 12)) as uncached_saving_usd,
    cast(sum({{ converted('windows.spared_cost') }}) as decimal(38, 12)) as saving_usd
from {{ ref('int_context_windows_daily') }} as windows
{{ dollar_rates('windows') }}
group by 1, 2, 3, 4, 5
