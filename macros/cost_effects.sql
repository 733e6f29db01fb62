{#
    Why cost changed: the logarithmic mean Divisia index (LMDI-I) at the leaves, with analytic limits at zero (Wood &
    Lenzen 2006). A leaf is a model in a tier, in a feature of a customer. Its cost is of five classes (uncached input,
    cache read, cache write, output, other), and that of a class is a chain:

        cost = requests × calls a request × share of the model × share of the tier × tokens a call
             × share of the class in the tokens × catalogue price × discount × exchange rate × what the bill says of it

    The effect of a link is w · ln(after ÷ before) with w = (after − before) ÷ ln(after ÷ before) of the cost. The effects
    of a class sum to its change, and effects of leaves to those of a feature, a customer, everything. Where one side
    costs nothing, the change is of the first link that is nothing there.
#}

{# The effects, each a column `<effect>_effect_usd`, in the order of the chain: those of calls, those of pools, the rest. #}
{% macro effect_names() -%}
    {{ return(call_effects()[:-1] + pool_effects() + call_effects()[-1:]) }}
{%- endmacro %}
{% macro call_effects() -%}
    {{ return([
        'new_members', 'vanished_members', 'conversations', 'turns', 'requests', 'retries', 'model_mix', 'service_tier',
        'prompt_tokens', 'retrieved_context', 'history', 'output_tokens', 'reasoning', 'cache', 'other_use', 'price',
        'discount', 'exchange_rate', 'invoice', 'adjustments'
    ]) }}
{%- endmacro %}
{% macro pool_effects() -%}
    {{ return(['shared_cost', 'shared_share', 'idle_capacity']) }}
{%- endmacro %}

{# What is summed before anything is divided: columns of cost_drivers. #}
{% macro effect_measures() -%}
    {{ return([
        'request_count', 'retry_count', 'conversation_count', 'uncached_input_tokens', 'cache_read_tokens',
        'cache_write_tokens', 'retrieved_context_tokens', 'history_tokens', 'output_tokens', 'reasoning_tokens',
        'input_cost_usd', 'cache_read_cost_usd', 'cache_write_cost_usd', 'output_cost_usd', 'list_cost_usd',
        'contracted_cost_usd', 'contracted_cost_in_pricing_currency', 'cost_usd'
    ]) }}
{%- endmacro %}

{# The key of a leaf: requests are of a member, which is the first three; calls of a model, the first six. #}
{% macro effect_leaf() -%}
    {{ return([
        'feature_id', 'customer_id', 'workload', 'provider_id', 'model_id', 'operation', 'service_tier', 'is_batch'
    ]) }}
{%- endmacro %}

{# The growth of a factor as a logarithm; 0 where one side does not tell it. #}
{% macro growth(factor) -%}
    case when {{ factor }}_0 > 0 and {{ factor }}_1 > 0 then ln({{ factor }}_1 / {{ factor }}_0) else 0 end
{%- endmacro %}

{# The effect of a link: by its growth, or the whole change where it appears or vanishes. #}
{% macro link_effect(name, factor) -%}
    case when weight is not null then weight * ({{ growth(factor) }}) when appeared_by = '{{ name }}' then change else 0 end
{%- endmacro %}

{#
    CTEs, the last of them `effects`.

    sided  a relation of the keys, `side` (0 before, 1 after), the leaf and the measures
    keys   columns that tell comparisons apart
    effects has a row per key, member, provider and model: before_usd, after_usd, decimal(38, 12), and the effects of
    calls in dollars, double, which sum to after − before but for the rounding of doubles.
#}
{% macro effects_of_calls(sided, keys) -%}
{% set leaf = keys + effect_leaf() %}
{% set member, model = leaf[:keys | length + 3] | join(', '), leaf[:keys | length + 6] | join(', ') %}
leaves as (

    select
        {{ leaf | join(', ') }},
        {{ for_each(effect_measures(), 'sum(case when side = 0 then @ else 0 end) as @_0') }},
        {{ for_each(effect_measures(), 'sum(case when side = 1 then @ else 0 end) as @_1') }}
    from {{ sided }}
    group by {{ range(1, leaf | length + 1) | join(', ') }}

),

shared_by as (

    select
        *,
        {{ for_each(['0', '1'], "
            cast(sum(request_count_@) over (partition by " ~ member ~ ") as double) as member_calls_@,
            cast(sum(request_count_@ - retry_count_@) over (partition by " ~ member ~ ") as double) as first_calls_@,
            cast(sum(conversation_count_@) over (partition by " ~ member ~ ") as double) as conversations_@,
            cast(sum(request_count_@) over (partition by " ~ model ~ ") as double) as model_calls_@,
            cast(request_count_@ as double) as calls_@,
            cast(uncached_input_tokens_@ + cache_read_tokens_@ + cache_write_tokens_@ as double) as input_tokens_@,
            -- a share of the cost that is as it was where one side has none
            coalesce(cast(contracted_cost_usd_@ as double) / nullif(cast(list_cost_usd_@ as double), 0), 1)
                as discount_@,
            coalesce(
                cast(contracted_cost_usd_@ as double) / nullif(cast(contracted_cost_in_pricing_currency_@ as double), 0), 1
            ) as rate_@,
            coalesce(cast(cost_usd_@ as double) / nullif(cast(contracted_cost_usd_@ as double), 0), 1) as billed_@
        ") }}
    from leaves

),

classes as (

    {% for class, tokens, of_tokens in [
        ('input', 'uncached_input_tokens', 'input_tokens'),
        ('cache_read', 'cache_read_tokens', 'input_tokens'),
        ('cache_write', 'cache_write_tokens', 'input_tokens'),
        ('output', 'output_tokens', 'output_tokens'),
        ('other', 'calls', 'calls'),
    ] %}
        select
            *,
            '{{ class }}' as class,
            {{ for_each(['0', '1'],
                "cast(" ~ class ~ "_cost_usd_@ as double) * billed_@ as cost_@" if class != 'other' else
                "cast(cost_usd_@ as double) - billed_@ * cast(
                    input_cost_usd_@ + cache_read_cost_usd_@ + cache_write_cost_usd_@ + output_cost_usd_@ as double
                ) as cost_@"
            ) }},
            {{ for_each(['0', '1'], "cast(" ~ tokens ~ "_@ as double) as class_tokens_@, cast(" ~ of_tokens ~ "_@ as double) as tokens_@") }}
        from shared_by
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- what costs without tokens of its class, as images do, is by the call
counted as (

    select
        *,
        class = 'other' or (cost_0 > 0 and class_tokens_0 = 0) or (cost_1 > 0 and class_tokens_1 = 0) as is_by_call
    from classes

),

factors as (

    select
        *,
        cost_1 - cost_0 as change,
        {{ for_each(['0', '1'], "
            case when first_calls_@ > 0 then first_calls_@ else member_calls_@ end as requests_@,
            member_calls_@ / nullif(case when first_calls_@ > 0 then first_calls_@ else member_calls_@ end, 0)
                as calls_a_request_@,
            model_calls_@ / nullif(member_calls_@, 0) as model_share_@,
            calls_@ / nullif(model_calls_@, 0) as tier_share_@,
            case when is_by_call then 1 else tokens_@ / nullif(calls_@, 0) end as tokens_a_call_@,
            case when is_by_call then 1 else class_tokens_@ / nullif(tokens_@, 0) end as class_share_@,
            cost_@ / nullif(
                case when is_by_call then calls_@ else class_tokens_@ end * discount_@ * rate_@ * billed_@, 0
            ) as price_@,
            case class when 'output' then 0 else retrieved_context_tokens_@ / nullif(calls_@, 0) end as retrieved_@,
            case class when 'output' then reasoning_tokens_@ else history_tokens_@ end / nullif(calls_@, 0) as fed_@
        ") }}
    from counted

),

weighed as (

    select
        *,
        -- the logarithmic mean of both costs, and its limit where they are one
        case
            when cost_0 <= 0 or cost_1 <= 0 then null
            when abs(cost_1 / cost_0 - 1) < 1e-9 then (cost_0 + cost_1) / 2
            else change / ln(cost_1 / cost_0)
        end as weight,
        case
            when cost_0 < 0 or cost_1 < 0 then 'adjustments'
            when requests_0 = 0 then 'new_members'
            when requests_1 = 0 then 'vanished_members'
            when model_calls_0 = 0 or model_calls_1 = 0 then 'model_mix'
            when calls_0 = 0 or calls_1 = 0 then 'service_tier'
            when not is_by_call and (tokens_0 = 0 or tokens_1 = 0) then 'tokens'
            when not is_by_call and (class_tokens_0 = 0 or class_tokens_1 = 0) then 'cache'
            when discount_0 = 0 or discount_1 = 0 then 'discount'
            when billed_0 = 0 or billed_1 = 0 then 'invoice'
            when is_by_call then 'other_use'
            else 'price'
        end as appeared_by
    from factors

),

linked as (

    select
        *,
        {{ link_effect('requests', 'requests') }} as of_requests,
        {{ link_effect('price', 'price') }} as of_price,
        -- tokens a call are a sum: each part has its share of what the sum does
        case
            when is_by_call then 0
            when abs(coalesce(tokens_a_call_1, 0) - coalesce(tokens_a_call_0, 0)) > 1e-9 * coalesce(tokens_a_call_1, 0)
                then
                    ({{ link_effect('tokens', 'tokens_a_call') }})
                    / (coalesce(tokens_a_call_1, 0) - coalesce(tokens_a_call_0, 0))
            else coalesce(weight / tokens_a_call_1, 0)
        end as of_a_token,
        coalesce(tokens_a_call_1, 0) - coalesce(tokens_a_call_0, 0) as more_tokens,
        coalesce(retrieved_1, 0) - coalesce(retrieved_0, 0) as more_retrieved,
        coalesce(fed_1, 0) - coalesce(fed_0, 0) as more_fed,
        conversations_0 > 0 and conversations_1 > 0 as is_in_conversations
    from weighed

),

effects as (

    select
        {{ leaf[:keys | length + 5] | join(', ') }},
        sum(case when class = 'other' then cost_usd_0 else 0 end) as before_usd,
        sum(case when class = 'other' then cost_usd_1 else 0 end) as after_usd,
        {{ for_each(['new_members', 'vanished_members', 'adjustments'],
            "sum(case when weight is null and appeared_by = '@' then change else 0 end) as @_effect_usd") }},
        sum(case when is_in_conversations and weight is not null then weight * ({{ growth('conversations') }}) else 0 end)
            as conversations_effect_usd,
        sum(
            case
                when is_in_conversations and weight is not null then of_requests - weight * ({{ growth('conversations') }})
                else 0
            end
        ) as turns_effect_usd,
        sum(case when is_in_conversations and weight is not null then 0 else of_requests end) as requests_effect_usd,
        sum({{ link_effect('retries', 'calls_a_request') }}) as retries_effect_usd,
        sum({{ link_effect('model_mix', 'model_share') }}) as model_mix_effect_usd,
        sum({{ link_effect('service_tier', 'tier_share') }}) as service_tier_effect_usd,
        sum(case class when 'output' then 0 else of_a_token * (more_tokens - more_retrieved - more_fed) end)
            as prompt_tokens_effect_usd,
        sum(of_a_token * more_retrieved) as retrieved_context_effect_usd,
        sum(case class when 'output' then 0 else of_a_token * more_fed end) as history_effect_usd,
        sum(case class when 'output' then of_a_token * (more_tokens - more_fed) else 0 end) as output_tokens_effect_usd,
        sum(case class when 'output' then of_a_token * more_fed else 0 end) as reasoning_effect_usd,
        sum({{ link_effect('cache', 'class_share') }}) as cache_effect_usd,
        sum(
            case when weight is null and appeared_by = 'other_use' then change when is_by_call then of_price else 0 end
        ) as other_use_effect_usd,
        sum(case when is_by_call then 0 else of_price end) as price_effect_usd,
        sum({{ link_effect('discount', 'discount') }}) as discount_effect_usd,
        sum({{ link_effect('exchange_rate', 'rate') }}) as exchange_rate_effect_usd,
        sum({{ link_effect('invoice', 'billed') }}) as invoice_effect_usd
    from linked
    where cost_0 <> 0 or cost_1 <> 0 or class = 'other'
    group by {{ range(1, keys | length + 6) | join(', ') }}

)
{%- endmacro %}

{#
    CTEs, the last of them `shared_effects`: rows like those of `effects`, of shared and rented cost. A member's part is
    the cost of its pool × its share of it; what stands idle or is unused is by itself.

    sided  a relation of the keys, `side`, member, provider_id, model_id, pool_id, allocation_status, allocated_cost_usd
#}
{% macro effects_of_pools(sided, keys) -%}
{% set pool, key = (keys + ['pool_id']) | join(', '), keys + effect_leaf()[:5] %}
pool_members as (

    select
        {{ key | join(', ') }},
        pool_id,
        {{ for_each(['0', '1'], "
            sum(case when side = @ then allocated_cost_usd else 0 end) as cost_usd_@,
            cast(sum(case when side = @ and allocation_status = 'allocated' then allocated_cost_usd else 0 end) as double)
                as cost_@
        ") }}
    from {{ sided }}
    group by {{ range(1, key | length + 2) | join(', ') }}

),

pools as (

    select
        *,
        cost_1 - cost_0 as change,
        case
            when cost_0 <= 0 or cost_1 <= 0 then null
            when abs(cost_1 / cost_0 - 1) < 1e-9 then (cost_0 + cost_1) / 2
            else (cost_1 - cost_0) / ln(cost_1 / cost_0)
        end as weight,
        sum(cost_0) over (partition by {{ pool }}) as pool_0,
        sum(cost_1) over (partition by {{ pool }}) as pool_1,
        {{ for_each(['0', '1'], 'cost_@ / nullif(sum(cost_@) over (partition by ' ~ pool ~ '), 0) as share_@') }}
    from pool_members

),

spread as (

    select
        *,
        case when pool_0 = 0 or pool_1 = 0 then 'shared_cost' else 'shared_share' end as appeared_by
    from pools

),

shared_effects as (

    select
        {{ key | join(', ') }},
        sum(cost_usd_0) as before_usd,
        sum(cost_usd_1) as after_usd,
        sum({{ link_effect('shared_cost', 'pool') }}) as shared_cost_effect_usd,
        sum({{ link_effect('shared_share', 'share') }}) as shared_share_effect_usd,
        sum(cast(cost_usd_1 - cost_usd_0 as double) - change) as idle_capacity_effect_usd
    from spread
    group by {{ range(1, key | length + 1) | join(', ') }}

)
{%- endmacro %}

{#
    The whole query: what cost before and after, and why, to the last digit.

    calls, pools  relations as above
    Returns keys, feature_id, customer_id, workload, provider_id, model_id, before_usd, after_usd, the effects, and
    rounding_usd, all decimal(38, 12): the effects and the rounding sum to after − before.
#}
{% macro cost_changes(calls, pools, keys) -%}
{% set key = (keys + effect_leaf()[:5]) | join(', ') %}
{% set of_calls, of_pools = call_effects(), pool_effects() %}
{{ effects_of_calls(calls, keys) }},

{{ effects_of_pools(pools, keys) }},

all_effects as (

    select
        {{ key }},
        before_usd,
        after_usd,
        {{ for_each(of_calls, '@_effect_usd') }},
        {{ for_each(of_pools, '0 as @_effect_usd') }}
    from effects
    union all
    select
        {{ key }},
        before_usd,
        after_usd,
        {{ for_each(of_calls, '0 as @_effect_usd') }},
        {{ for_each(of_pools, '@_effect_usd') }}
    from shared_effects

),

summed as (

    select
        {{ key }},
        cast(sum(before_usd) as decimal(38, 12)) as before_usd,
        cast(sum(after_usd) as decimal(38, 12)) as after_usd,
        {{ for_each(effect_names(), settled('sum(@_effect_usd)') ~ ' as @_effect_usd') }}
    from all_effects
    group by {{ range(1, keys | length + 6) | join(', ') }}

)

select
    *,
    cast(after_usd - before_usd - ({{ for_each(effect_names(), '@_effect_usd', ' + ') }}) as decimal(38, 12))
        as rounding_usd
from summed
where before_usd <> 0 or after_usd <> 0
{%- endmacro %}
