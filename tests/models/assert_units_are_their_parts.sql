-- What a unit costs is the sum of its parts, and by every dimension the units cost the same.
{% set parts = unit_parts() %}
select
    unit_id,
    month,
    count(*) as row_count
from (
    select
        unit_id,
        month,
        dimension,
        sum(cost_usd) as cost_usd,
        sum(unit_count) as unit_count,
        sum({{ for_each(parts, '@_cost_usd', ' + ') }}) as parts_usd
    from {{ ref('cost_per_unit') }}
    group by 1, 2, 3
) as by_dimension
group by 1, 2
having
    min(cost_usd) <> max(cost_usd)
    or min(unit_count) <> max(unit_count)
    or min(cost_usd) <> min(parts_usd)
    or max(cost_usd) <> max(parts_usd)
