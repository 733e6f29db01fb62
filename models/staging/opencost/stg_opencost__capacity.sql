-- grain: one row per member of an allocation (idle and unallocated are members) and window
with allocations as (
    select
        *,
        -- the CSV export names no member, but its container; a row of it is a day
        coalesce(name, concat_ws('/', namespace, pod, container)) as resource_id,
        coalesce(window_end, window_start + interval '1' day) as period_end_at,
        cpu_cost + coalesce(cpu_adjustment, 0) as adjusted_cpu_cost,
        gpu_cost + coalesce(gpu_adjustment, 0) as adjusted_gpu_cost,
        ram_cost + coalesce(ram_adjustment, 0) as adjusted_ram_cost,
        pv_cost + coalesce(pv_adjustment, 0) as adjusted_pv_cost,
        network_cost + coalesce(network_adjustment, 0) as adjusted_network_cost
    from {{ source('opencost', 'capacity') }}
)

select
    ---------- ids
    'opencost' as source_id,
    'kubernetes' as provider_id,
    resource_id,
    case
        when instr(resource_id, '__idle__') > 0 then 'idle'
        when instr(resource_id, '__unmounted__') > 0 then 'unmounted'
        when instr(resource_id, '__unallocated__') > 0 then 'unallocated'
        else 'kubernetes_workload'
    end as resource_kind,
    cluster as cluster_id,
    node as node_id,
    namespace,
    pod,

    ---------- quantities: GPUs are what is dear. An efficiency of 0 is what OpenCost writes where nobody measures it,
    -- too; what a workload requested is no use of it (opencost #3900)
    'gpu_hours' as unit,
    cast(gpu_hours as decimal(38, 12)) as capacity,
    cast(cast(gpu_hours as decimal(20, 8)) * cast(nullif(gpu_efficiency, 0) as decimal(12, 6)) as decimal(38, 12))
        as used,

    ---------- money: the total is what counts; each number is rounded for itself, and the rest keeps the difference
    adjusted_cpu_cost as cpu_cost,
    adjusted_gpu_cost as gpu_cost,
    adjusted_ram_cost as ram_cost,
    adjusted_pv_cost as storage_cost,
    adjusted_network_cost as network_cost,
    total_cost
    - coalesce(adjusted_cpu_cost, 0)
    - coalesce(adjusted_gpu_cost, 0)
    - coalesce(adjusted_ram_cost, 0)
    - coalesce(adjusted_pv_cost, 0)
    - coalesce(adjusted_network_cost, 0) as other_cost,
    total_cost as cost,
    -- prices of OpenCost are in US dollars, unless its configuration says otherwise, which no export tells
    'USD' as currency,
    labels as tags,

    ---------- times and lineage
    window_start as period_start_at,
    period_end_at,
    input_id,
    record_number
from allocations
