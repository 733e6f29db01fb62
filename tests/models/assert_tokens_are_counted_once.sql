-- INV7: the token classes of the hours are disjoint and whole: what they sum to is what the kinds of each call sum to.
-- (Of days that this build made; what an earlier one made of the others it checked.)
{% set kinds = ['5m', '30m', '1h', '12h', 'unknown'] %}
with hours as (

    select
        usage_date,
        sum(uncached_input_tokens) as uncached_input_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_write_tokens) as cache_write_tokens,
        sum(output_tokens) as output_tokens,
        sum(reasoning_tokens) as reasoning_tokens
    from {{ ref('fct_usage_hourly') }}
    where usage_date in (select usage_date from {{ ref('int_touched_dates') }})
    group by 1

),

calls as (

    select
        usage_date,
        sum(uncached_input_tokens) as uncached_input_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum({{ for_each(kinds, 'cache_write_@_tokens', ' + ') }}) as cache_write_tokens,
        sum(output_tokens) as output_tokens,
        sum(reasoning_tokens) as reasoning_tokens
    from {{ ref('int_requests_costed') }}
    where usage_date in (select usage_date from {{ ref('int_touched_dates') }})
    group by 1

)

select
    coalesce(hours.usage_date, calls.usage_date) as usage_date,
    hours.uncached_input_tokens,
    calls.uncached_input_tokens as expected_uncached_input_tokens
from hours
full join calls on hours.usage_date = calls.usage_date
where
    hours.usage_date is null
    or calls.usage_date is null
    or {{ for_each(
        ['uncached_input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens'],
        'hours.@ <> calls.@', ' or '
    ) }}
