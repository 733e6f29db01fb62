-- grain: one row per model call of the touched dates
-- The cost of each component in the reporting currency, or NULL in all of them; the total is exactly their sum.
with converted as (

    select
        requests.*,
        case when is_cost_known then {{ converted('input_cost') }} end as input_cost_usd,
        case when is_cost_known then {{ converted('cache_read_cost') }} end as cache_read_cost_usd,
        case when is_cost_known then {{ converted('cache_write_cost') }} end as cache_write_cost_usd,
        case when is_cost_known then {{ converted('output_cost') }} end as output_cost_usd,
        case when is_cost_known then {{ converted('tool_cost') }} end as tool_cost_usd,
        case when is_cost_known then {{ converted('other_cost') }} end as other_cost_usd,
        case when is_cost_known then {{ converted('cost_at_list_price') }} end as cost_at_list_price_usd,
        {% if var('reporting_currency') == 'USD' %}
            cast(null as decimal(15, 10)) as exchange_rate,
            cast(null as date) as exchange_rate_date,
            cast(null as string) as exchange_rate_source
        {% else %}
            {{ exchange_columns() }}
        {% endif %}
    from {{ ref('int_requests_rated') }} as requests
    {% if var('reporting_currency') != 'USD' %}
        left join {{ ref('int_exchange_rates') }} as rates
            on
                rates.currency = 'USD'
                and requests.usage_date >= rates.valid_from_date
                and requests.usage_date < rates.valid_to_date
    {% endif %}

),

summed as (

    select
        *,
        input_cost_usd + cache_read_cost_usd + cache_write_cost_usd + output_cost_usd + tool_cost_usd + other_cost_usd
            as contracted_cost_usd
    from converted

)

select
    *,
    case when has_own_price then cost_at_list_price_usd else contracted_cost_usd end as list_cost_usd
from summed
