-- grain: one row per usage type of AWS bills that counts tokens, and name that it is sold under
{{ config(materialized='table') }}
-- Three shapes live side by side, each behind a region of two to four letters and up to two digits (EU, USE1, APN1):
--   native       USE1-Claude4.6Opus-cache-read-input-token-count-cross-region-global   a name for the model
--   mantle       USW2-anthropic.claude-opus-4-8-mantle-input-tokens-global-standard    the id of the model
--   marketplace  USE1-MP:USE1_InputTokenCount_Global_Batch-Units                       the product is the model
-- A meter that no rule fits is not here: its lines keep their money, and no model.
{% set region = '[A-Z]{2,4}[0-9]{0,2}' %}
{% set variants = 'cross-region-global|global|geo|standard|batch|flex|priority|latency-optimized|long-ctx' %}
{% set sold_variants = '[Gg]lobal|[Gg]eo|standard|[Bb]atch|[Ff]lex|[Pp]riority|long_ctx' %}
with meters as (

    select distinct
        sku_meter,
        coalesce(service_name, '') as service_name
    from {{ ref('int_charges_unioned') }}
    -- every rule is of tokens: the thousands of other meters need not be tried
    where source_id = 'aws_cur' and lower(sku_meter) like '%token%'

),

rules as (

    select
        rule_number,
        meter_shape,
        nullif(usage_kind, '') as usage_kind,
        case meter_shape
            when 'native' then concat('^{{ region }}-(.+)-', meter_pattern, '((?:-(?:{{ variants }}))*)$')
            when 'mantle' then concat('^{{ region }}-(.+)-mantle-', meter_pattern, '((?:-(?:{{ variants }}))*)$')
            when 'marketplace'
                then concat('^{{ region }}-MP:({{ region }})_', meter_pattern, '((?:_(?:{{ sold_variants }}))*)-Units$')
            else concat('^()', meter_pattern, '()$')
        end as pattern
    from {{ ref('aws_usage_types') }}

),

fitting as (

    select
        meters.sku_meter,
        meters.service_name,
        rules.meter_shape,
        rules.usage_kind,
        regexp_extract(meters.sku_meter, rules.pattern, 1) as named,
        lower(regexp_extract(meters.sku_meter, rules.pattern, 2)) as variant,
        row_number() over (
            partition by meters.sku_meter, meters.service_name
            order by rules.rule_number
        ) as place
    from meters
    inner join rules on regexp_extract(meters.sku_meter, rules.pattern, 0) <> ''

),

named as (

    select
        *,
        case when meter_shape = 'marketplace' then service_name else named end as model_name,
        -- a call to a global profile has prices of its own, and its model id says so; one to a region or to the profile
        -- of a continent are billed alike
        case when variant like '%global%' then 'global.' else '' end as scope
    from fitting
    where place = 1 and usage_kind is not null

)

select
    named.sku_meter,
    named.service_name,
    named.meter_shape,
    named.usage_kind,
    case
        when named.meter_shape = 'mantle' then concat(named.scope, named.model_name)
        when models.model_id is not null then concat(named.scope, models.model_id)
    end as model_id,
    case
        when named.variant like '%batch%' then 'batch'
        when named.variant like '%flex%' then 'flex'
        when named.variant like '%priority%' then 'priority'
        when named.variant like '%latency-optimized%' then 'latency_optimized'
        else 'standard'
    end as service_tier
from named
left join {{ ref('aws_models') }} as models
    on named.meter_shape <> 'mantle' and regexp_extract(named.model_name, models.name_pattern, 0) <> ''
