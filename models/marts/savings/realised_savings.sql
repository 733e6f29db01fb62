-- grain: one row per saving that seeds/savings_register.csv calls done, and month from then on
{% set action = ['feature_id', 'strategy', 'done_date'] %}
{% set machines = "('" ~ of_machines() | join("', '") ~ "')" %}
with moved as (

    select
        {{ for_each(action + ['month', 'comparison'], '@') }},
        {{ for_each(['before', 'after'], "case when strategy not in " ~ machines ~ " then @_usd end as @_usd") }},
        case strategy
            {% for strategy, effects in strategy_effects().items() %}
                when '{{ strategy }}' then -({{ for_each(effects, '@_effect_usd', ' + ') }})
            {% endfor %}
        end as saved_usd
    from {{ ref('int_realised_effects') }}
    union all
    select {{ for_each(action + ['month', 'comparison', 'before_usd', 'after_usd', 'saved_usd'], '@') }}
    from {{ ref('int_realised_machines') }}

),

compared as (

    select
        {{ for_each(action, '@') }},
        month,
        {{ for_each(
            ['before', 'after', 'saved'],
            settled("max(case when comparison = 'action' and before_usd > 0 then @_usd end)") ~ ' as @_usd'
        ) }},
        abs({{ settled("max(case when comparison = 'usual' and before_usd > 0 then saved_usd end)") }}) as usual_usd
    from moved
    group by 1, 2, 3, 4

),

offers as (

    select
        month,
        feature_id,
        strategy,
        {{ for_each(['low', 'expected', 'high'], 'sum(@_saving_usd) as @_usd') }}
    from {{ ref('savings_opportunities') }}
    group by 1, 2, 3

),

promised as (

    select
        {{ for_each(action, 'actions.@') }},
        max(offers.month) as month
    from compared as actions
    inner join offers
        on
            actions.feature_id = offers.feature_id
            and actions.strategy = offers.strategy
            and offers.month < date_trunc('month', actions.done_date)
    group by 1, 2, 3

),

costs as (

    {{ savable_costs() }}

)

select
    {{ for_each(action, 'compared.@') }},
    compared.month,
    compared.before_usd as counterfactual_cost_usd,
    compared.after_usd as actual_cost_usd,
    {% for case in ['low', 'expected', 'high'] %}
        {{ times('compared.before_usd', exact_quotient('offers.' ~ case ~ '_usd', 'costs.cost_usd')) }}
            as promised_{{ case }}_usd,
    {% endfor %}
    compared.saved_usd,
    compared.usual_usd,
    abs(compared.saved_usd) > compared.usual_usd as is_caused,
    case
        when abs(compared.saved_usd) > compared.usual_usd then compared.saved_usd
        when compared.usual_usd is not null then cast(0 as decimal(38, 12))
    end as realised_usd,
    {{ ratio('compared.saved_usd', '(compared.before_usd - compared.after_usd)') }} as explained_share,
    case
        when compared.before_usd is null and compared.strategy in {{ machines }} then 'of_machines'
        when compared.before_usd is not null and compared.saved_usd is null then 'not_in_cost'
        when compared.usual_usd is null then 'no_history'
    end as unknown_reason
from compared
left join promised on {{ for_each(action, 'compared.@ = promised.@', ' and ') }}
left join offers
    on
        promised.month = offers.month
        and promised.feature_id = offers.feature_id
        and promised.strategy = offers.strategy
left join costs
    on
        promised.month = costs.month
        and promised.feature_id = costs.feature_id
        and (compared.strategy in {{ machines }}) = costs.is_of_machines
