"""NVIDIA's DCGM exporter: what each GPU does, as scrapes in files or answers of Prometheus' `query_range`.

Metrics: dcgm-exporter `etc/default-counters.csv`. `DCGM_FI_DEV_GPU_UTIL` is in percent, `DCGM_FI_PROF_*` are ratios of
0 to 1, memory is in MiB, power in W. A Prometheus that keeps its own labels writes the workload's pod as
`exported_pod`.
"""

from ingest import prometheus
from ingest.source import Column, Sample, Source, Table

METRICS = (
    *("DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_PROF_SM_ACTIVE"),
    *("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "DCGM_FI_PROF_DRAM_ACTIVE"),
    *("DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_FB_FREE"),
    *("DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"),
)


def _recognises(sample: Sample) -> bool:
    return any(name.startswith("DCGM_FI_") for name in prometheus.metrics(sample))


SOURCE = Source(
    name="dcgm",
    about="NVIDIA DCGM exporter: scrapes of its metrics, or answers of query_range, JSON",
    tables=(
        Table(
            shape="capacity",
            formats=("prometheus", "jsonl"),
            date="sampled_at",
            recognises=_recognises,
            each=prometheus.EACH,
            where=f"metric in {METRICS}",
            has_other_records=True,
            columns=(
                Column("metric", paths=(prometheus.NAME,)),
                prometheus.AT,
                prometheus.VALUE,
                prometheus.label("gpu_uuid", "UUID"),
                prometheus.label("gpu", "gpu"),
                prometheus.label("gpu_model", "modelName"),
                prometheus.label("mig_instance", "GPU_I_ID"),
                prometheus.label("mig_profile", "GPU_I_PROFILE"),
                # `hostname` since May 2026; only a pattern tells names apart that differ in case
                Column(
                    "hostname",
                    paths=(prometheus.LABELS,),
                    pattern=r'"[Hh]ostname" *: *"([^"\\]+)"',
                    identifier=True,
                ),
                prometheus.label("cluster", "cluster"),
                prometheus.label("namespace", "exported_namespace", "namespace"),
                prometheus.label("pod", "exported_pod", "pod"),
                prometheus.label("container", "exported_container", "container"),
            ),
        ),
    ),
)
