-- grain: one row per GPU (or slice of one), the pod that held it, and hour
with samples as (
    select
        *,
        coalesce(gpu_uuid, concat_ws('/', hostname, gpu)) as gpu_id,
        -- on a GPU that no workload holds, Prometheus puts the pod of the exporter itself
        coalesce(pod like '%dcgm-exporter%', false) as is_exporter
    from {{ source('dcgm', 'capacity') }}
    where
        value is not null
        and metric in ('DCGM_FI_PROF_GR_ENGINE_ACTIVE', 'DCGM_FI_DEV_GPU_UTIL')
),

numbered as (
    select
        *,
        row_number() over (
            partition by cluster, gpu_id, mig_instance, sampled_at order by input_id, record_number
        ) as place
    from samples
),

scraped as (
    -- GPUs that pods share in turns are written once a pod, with the same use: it is the GPU's, and nobody's alone
    select
        cluster,
        gpu_id,
        mig_instance,
        sampled_at,
        max(hostname) as hostname,
        max(gpu_model) as gpu_model,
        case
            when count(distinct case when not is_exporter then namespace end) = 1
                then max(case when not is_exporter then namespace end)
        end as namespace,
        case
            when count(distinct case when not is_exporter then concat_ws('/', namespace, pod) end) = 1
                then max(case when not is_exporter then pod end)
        end as pod,
        -- 100 % of GPU_UTIL says that some kernel ran; the graphics engine's share is the better measure of the two
        coalesce(
            max(case when metric = 'DCGM_FI_PROF_GR_ENGINE_ACTIVE' then cast(value as decimal(20, 15)) end),
            max(
                case
                    when metric = 'DCGM_FI_DEV_GPU_UTIL'
                        then cast(cast(value as decimal(15, 12)) * cast(0.01 as decimal(3, 2)) as decimal(20, 15))
                end
            )
        ) as used_share,
        max(case when place = 1 then input_id end) as input_id,
        max(case when place = 1 then record_number end) as record_number
    from numbered
    group by 1, 2, 3, 4
),

followed as (
    select
        *,
        lead(sampled_at) over (partition by cluster, gpu_id, mig_instance order by sampled_at) as next_at,
        date_trunc('hour', sampled_at) as hour_at
    from scraped
),

held as (
    select
        *,
        least(next_at, sampled_at + interval '1' hour) as held_until_at
    from followed
    where next_at is not null
),

parts as (
    -- held for an hour at most, a sample reaches into the next hour at most
    select
        *,
        hour_at as period_start_at,
        {{ milliseconds_between('sampled_at', "least(held_until_at, hour_at + interval '1' hour)") }} as held_ms
    from held
    union all
    select
        *,
        hour_at + interval '1' hour as period_start_at,
        {{ milliseconds_between("hour_at + interval '1' hour", 'held_until_at') }} as held_ms
    from held
    where held_until_at > hour_at + interval '1' hour
),

placed as (
    select
        *,
        row_number() over (
            partition by cluster, gpu_id, mig_instance, namespace, pod, period_start_at order by sampled_at desc
        ) as place
    from parts
)

select
    ---------- ids
    'dcgm' as source_id,
    'nvidia' as provider_id,
    concat_ws('/', gpu_id, mig_instance) as resource_id,
    'gpu' as resource_kind,
    cluster as cluster_id,
    max(hostname) as node_id,
    namespace,
    pod,
    max(gpu_model) as gpu_model,

    ---------- quantities: a slice is no whole GPU, and what share of one it is depends on the GPU
    case when mig_instance is null then 'gpu_seconds' else 'gpu_slice_seconds' end as unit,
    cast(sum(cast(held_ms as decimal(12, 0))) * cast(0.001 as decimal(4, 3)) as decimal(38, 12)) as capacity,
    cast(
        cast(sum(used_share * cast(held_ms as decimal(12, 0))) as decimal(33, 15)) * cast(0.001 as decimal(4, 3))
        as decimal(38, 12)
    ) as used,

    ---------- times and lineage
    period_start_at,
    period_start_at + interval '1' hour as period_end_at,
    max(case when place = 1 then input_id end) as input_id,
    max(case when place = 1 then record_number end) as record_number
from placed
group by 3, 5, 7, 8, 10, 13, 14
