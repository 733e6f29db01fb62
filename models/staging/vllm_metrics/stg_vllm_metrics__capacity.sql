-- grain: one row per server, model and time between two scrapes
with numbered as (
    -- a scrape may lie in two files, and two Prometheus servers may have scraped a moment apart: one of them counts
    select
        *,
        coalesce(pod, instance) as resource_id,
        row_number() over (
            partition by cluster, namespace, coalesce(pod, instance), model, engine, finished_reason, metric, sampled_at
            order by value desc, input_id asc, record_number asc
        ) as copy_number
    from {{ source('vllm_metrics', 'capacity') }}
    where value is not null
),

followed as (
    select
        *,
        lag(value) over (
            partition by cluster, namespace, resource_id, model, engine, finished_reason, metric order by sampled_at
        ) as previous_value,
        lag(sampled_at) over (
            partition by cluster, namespace, resource_id, model, engine, finished_reason, metric order by sampled_at
        ) as previous_at
    from numbered
    where copy_number = 1
),

counted as (
    -- a counter that is smaller than before began again at 0. The first sample of a counter is where counting begins:
    -- what it had counted, nobody knows since when
    select
        *,
        case when value >= previous_value then value - previous_value else value end as increase,
        -- a gauge stands for the time until its next sample, an hour at most: what lies beyond was not watched
        cast(least({{ milliseconds_between('previous_at', 'sampled_at') }}, 3600000) as decimal(12, 0)) as held_ms,
        row_number() over (
            partition by cluster, namespace, resource_id, model, sampled_at order by input_id, record_number
        ) as place
    from followed
    where previous_at is not null
),

summed as (
    select
        cluster,
        namespace,
        resource_id,
        model,
        sampled_at,
        max(pod) as pod,
        max(previous_at) as previous_at,
        {% for metric in (
            'prompt_tokens', 'prompt_tokens_cached', 'prefix_cache_hits', 'gpu_prefix_cache_hits', 'generation_tokens',
            'request_success'
        ) -%}
            cast(sum(case when metric = '{{ metric }}_total' then increase end) as bigint) as {{ metric }},
        {% endfor %}
        {% for gauge in ('num_requests_running', 'num_requests_waiting') -%}
            cast(sum(case when metric = '{{ gauge }}' then value end) as bigint) as {{ gauge }},
        {% endfor %}
        -- `gpu_` is its old name; for some versions a server told both
        {% for gauge in ('kv_cache', 'gpu_cache') -%}
            sum(case when metric = '{{ gauge }}_usage_perc' then held_ms end) as {{ gauge }}_ms,
        {% endfor %}
        {% for gauge in ('kv_cache', 'gpu_cache') -%}
            sum(case when metric = '{{ gauge }}_usage_perc' then cast(previous_value as decimal(20, 15)) * held_ms end)
                as used_{{ gauge }}_ms,
        {% endfor %}
        max(case when place = 1 then input_id end) as input_id,
        max(case when place = 1 then record_number end) as record_number
    from counted
    group by 1, 2, 3, 4, 5
)

select
    ---------- ids
    'vllm_metrics' as source_id,
    'vllm' as provider_id,
    resource_id,
    'inference_server' as resource_kind,
    model as model_id,
    cluster as cluster_id,
    namespace,
    pod,

    ---------- quantities: what limits a server is the room for keys and values; it is used as the gauge last said
    'kv_cache_seconds' as unit,
    cast(coalesce(kv_cache_ms, gpu_cache_ms) * cast(0.001 as decimal(4, 3)) as decimal(38, 12)) as capacity,
    cast(
        cast(coalesce(used_kv_cache_ms, used_gpu_cache_ms) as decimal(33, 15)) * cast(0.001 as decimal(4, 3))
        as decimal(38, 12)
    ) as used,
    prompt_tokens as input_tokens,
    coalesce(prompt_tokens_cached, prefix_cache_hits, gpu_prefix_cache_hits) as cache_read_tokens,
    generation_tokens as output_tokens,
    request_success as request_count,
    num_requests_running as running_request_count,
    num_requests_waiting as waiting_request_count,

    ---------- times and lineage
    previous_at as period_start_at,
    sampled_at as period_end_at,
    input_id,
    record_number
from summed
