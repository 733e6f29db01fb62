"""vLLM's metrics for Prometheus: scrapes of `/metrics` in files, or answers of `query_range`.

Counters as they stood, and gauges: what was used between two scrapes is the staging's business. Names:
docs.vllm.ai, "Production Metrics"; `ray_` stands before them where Ray Serve runs the server, and `vllm_` for `vllm:`
where a collector wants no colons.
"""

from ingest import prometheus
from ingest.source import Column, Sample, Source, Table

COUNTERS = (
    *("prompt_tokens_total", "prompt_tokens_cached_total", "generation_tokens_total", "request_success_total"),
    *("prefix_cache_queries_total", "prefix_cache_hits_total"),
    *("gpu_prefix_cache_queries_total", "gpu_prefix_cache_hits_total"),
    "num_preemptions_total",
)
GAUGES = ("num_requests_running", "num_requests_waiting", "kv_cache_usage_perc", "gpu_cache_usage_perc")
"""`gpu_` is what a name began with before vLLM 0.10."""
SPELT = r"^(?:ray_)?vllm[:_](.+)$"


def _recognises(sample: Sample) -> bool:
    return any(name.removeprefix("ray_").startswith(("vllm:", "vllm_")) for name in prometheus.metrics(sample))


SOURCE = Source(
    name="vllm_metrics",
    about="vLLM's Prometheus metrics: scrapes of /metrics, or answers of query_range, JSON",
    tables=(
        Table(
            shape="capacity",
            formats=("prometheus", "jsonl"),
            date="sampled_at",
            recognises=_recognises,
            each=prometheus.EACH,
            where=f"metric in {(*COUNTERS, *GAUGES)}",
            has_other_records=True,
            columns=(
                Column("metric", paths=(prometheus.NAME,), pattern=SPELT),
                prometheus.AT,
                prometheus.VALUE,
                prometheus.label("model", "model_name"),
                prometheus.label("engine", "engine"),
                prometheus.label("finished_reason", "finished_reason"),
                prometheus.label("cluster", "cluster"),
                prometheus.label("namespace", "namespace", "exported_namespace"),
                prometheus.label("pod", "pod", "exported_pod"),
                prometheus.label("instance", "instance"),
            ),
        ),
    ),
)
