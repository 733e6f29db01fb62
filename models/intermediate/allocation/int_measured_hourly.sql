-- grain: one row per rule of seeds/allocation_rules.csv that says by what it is measured, and hour (or window) of it
-- Two machines of one rule are one capacity. OpenCost tells what a capacity cost and which of it nobody asked for;
-- others count what was there and what was used.
select
    rules.rule_number,
    date_trunc('hour', capacity.period_start_at) as hour_at,
    cast(capacity.period_start_at as date) as usage_date,
    sum(case when capacity.source_id = 'opencost' then capacity.cost else capacity.capacity end) as capacity,
    sum(case
        when capacity.source_id <> 'opencost' then capacity.used
        when capacity.resource_kind in ('idle', 'unallocated', 'unmounted') then 0
        else capacity.cost
    end) as used,
    -- what is told by the day has no busiest hour
    max({{ milliseconds_between('capacity.period_start_at', 'capacity.period_end_at') }}) <= 3600000 as is_hour,
    -- a slice is no whole GPU
    count(distinct case when capacity.unit = 'gpu_seconds' then capacity.resource_id end) as gpu_count,
    min(case when capacity.unit = 'gpu_seconds' then capacity.gpu_model end) as min_gpu_model,
    max(case when capacity.unit = 'gpu_seconds' then capacity.gpu_model end) as max_gpu_model
from {{ ref('fct_capacity') }} as capacity
inner join {{ ref('allocation_rules') }} as rules
    on {{ matches_pattern("concat(capacity.source_id, '/', capacity.resource_id)", 'rules.measured_by') }}
where capacity.used is not null or capacity.source_id = 'opencost'
group by 1, 2, 3
