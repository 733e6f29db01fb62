{# Who answers for the features of a relation, by the first line of seeds/owners.csv that fits: a subquery. #}
{% macro owners_of(features) -%}
    (
        select
            features.feature_id,
            min_by(owners.owner_id, owners.owner_number) as owner_id
        from (select distinct feature_id from {{ features }}) as features
        inner join {{ ref('owners') }} as owners
            on {{ matches_pattern('lower(features.feature_id)', 'owners.feature_id') }}
        group by 1
    )
{%- endmacro %}
