-- grain: one row per model call and usage kind that it used: quantity × price = amount
{{ config(materialized='view') }}
-- Why a call costs what it costs. In US dollars, as prices are; a view, since it is three times as long as the calls.
with kinds as (

    {{ usage_kind_rows() }}

),

used as (

    select
        requests.source_id,
        requests.request_id,
        requests.provider_id,
        requests.model_id,
        requests.customer_id,
        requests.feature_id,
        requests.conversation_id,
        requests.billing_account_id,
        requests.project_id,
        requests.deployment_id,
        requests.operation,
        requests.environment,
        requests.region_id,
        requests.service_tier,
        requests.requested_at,
        requests.usage_date,
        requests.price_id,
        requests.price_status,
        kinds.kind_number,
        kinds.usage_kind,
        kinds.unit,
        kinds.component,
        {{ of_usage_kind() }} as quantity,
        {{ of_usage_kind('prices.list_@_price') }} as list_unit_price_usd,
        {{ of_usage_kind('prices.@_price') }} as unit_price_usd
    from {{ ref('fct_requests') }} as requests
    cross join kinds
    left join {{ ref('int_rate_card') }} as prices
        on requests.price_id = prices.price_id

)

select
    source_id,
    request_id,
    provider_id,
    model_id,
    customer_id,
    feature_id,
    conversation_id,
    billing_account_id,
    project_id,
    deployment_id,
    operation,
    environment,
    region_id,
    service_tier,
    requested_at,
    usage_date,
    price_id,
    price_status,
    kind_number,
    usage_kind,
    unit,
    component,
    quantity,
    cast(list_unit_price_usd as decimal(38, 15)) as list_unit_price_usd,
    cast(unit_price_usd as decimal(38, 15)) as unit_price_usd,
    cast({{ component_cost('quantity', 'list_unit_price_usd', 3) }} as decimal(38, 12)) as list_amount_usd,
    cast({{ component_cost('quantity', 'unit_price_usd', 3) }} as decimal(38, 12)) as amount_usd
from used
where quantity > 0
