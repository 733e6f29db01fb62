"""What is rented by time: cost of a cluster, tokens of a server, seconds of a GPU, each worked out by hand."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import Warehouse

MODELS = "+fct_capacity"

NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
D = Decimal
Samples = Sequence[tuple[float, object]]
"""Minutes after noon, and the value then."""


def at(minutes: float) -> datetime:
    """As the marts have it: UTC, without saying so."""
    return (NOON + timedelta(minutes=minutes)).replace(tzinfo=None)


def series(name: str, samples: Samples, **labels: str) -> dict[str, Any]:
    values = [[(NOON + timedelta(minutes=minute)).timestamp(), str(value)] for minute, value in samples]
    return {"metric": {"__name__": name, **labels}, "values": values}


def answer(path: Path, *found: Mapping[str, Any]) -> tuple[Path, None]:
    """What `query_range` answers."""
    path.write_text(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": found}}) + "\n")
    return path, None


def capacity(loaded: Warehouse, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return loaded.rows(f"select {columns} from marts.fct_capacity where {where} order by all")


# ------------------------------------------------------------------------------------------------------------ opencost


def allocation(name: str, day: int = 7, total: float = 0, **more: Any) -> dict[str, Any]:
    window = {"start": f"2026-10-{day:02}T00:00:00Z", "end": f"2026-10-{day + 1:02}T00:00:00Z"}
    properties = {"cluster": "prod", **more.pop("properties", {})}
    return {"name": name, "properties": properties, "window": window, "totalCost": total, **more}


def allocated(path: Path, *windows: Sequence[Mapping[str, Any]]) -> tuple[Path, None]:
    path.write_text(json.dumps({"code": 200, "data": [{one["name"]: one for one in window} for window in windows]}))
    return path, None


GPU = {"gpuHours": 24, "gpuEfficiency": 0.65, "gpuCost": 72, "gpuCostAdjustment": -7.2, "cpuCost": 3, "ramCost": 1.2}
FIRST_ANSWER = [
    [
        allocation("serving", total=69.20001, **GPU, properties={"namespace": "serving", "labels": {"team": "chat"}}),
        allocation("web", total=1e-5, cpuCost=1e-5, gpuHours=0, gpuEfficiency=0, gpuCost=0),
        allocation("__idle__", total=30.5, cpuCost=4, gpuCost=26.5, gpuHours=0, gpuEfficiency=None),
        allocation("__unallocated__", total=0.4, loadBalancerCost=0.4),
    ],
    [allocation("serving", day=8, total=10, gpuCost=10)],
    [],
]
HEADER = (
    "Date,Namespace,ControllerKind,ControllerName,Pod,Container,Labels,CPUCoreUsageAverage,CPUCoreRequestAverage,"
    "RAMBytesUsageAverage,RAMBytesRequestAverage,NetworkReceiveBytes,NetworkTransferBytes,GPUs,PVBytes,CPUCost,RAMCost,"
    "NetworkCost,PVCost,GPUCost,TotalCost"
)
EXPORT = (
    f"{HEADER}\n"
    '2026-10-05,serving,deployment,vllm,vllm-0,vllm,"{""team"":""chat""}",1,2,3,4,5,6,1,0,0.1234567890123456,0.2,0,0,60,'
    "60.3234567890123456\n"
    "2026-10-05,web,deployment,web,web-1,nginx,,0,0,0,0,0,0,0,0,1e-7,0,0,0,0,1e-7\n"
)


@pytest.fixture(scope="module")
def cluster(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "export.csv").write_text(EXPORT)
    loaded = warehouse("cluster", select=MODELS)
    # the day was not over when it was first asked, and was asked by pod then: the same money in other pieces
    early = [[allocation("serving/vllm-0", total=20), allocation("serving/vllm-1", total=21)]]
    loaded.load(allocated(folder / "early.json", *early), (folder / "export.csv", None))
    loaded.load(allocated(folder / "whole.json", *FIRST_ANSWER))
    return loaded


def test_an_allocation_costs_what_it_says_idle_and_unallocated_apart_and_a_newer_answer_replaces_the_window(
    cluster: Warehouse,
) -> None:
    assert capacity(cluster, "resource_id, resource_kind, cost", f"period_start_at = timestamp '{at(-720)}'") == [
        ("__idle__", "idle", D("30.5")),
        ("__unallocated__", "unallocated", D("0.4")),
        ("serving", "kubernetes_workload", D("69.20001")),
        ("web", "kubernetes_workload", D("0.00001")),
    ]


def test_the_sum_of_the_members_is_the_sum_of_what_was_exported(cluster: Warehouse) -> None:
    told = sum(D(str(one["totalCost"])) for window in FIRST_ANSWER for one in window)
    ((cost, parts),) = capacity(
        cluster,
        "sum(cost), sum(coalesce(cpu_cost, 0) + coalesce(gpu_cost, 0) + coalesce(ram_cost, 0)"
        " + coalesce(storage_cost, 0) + coalesce(network_cost, 0) + other_cost)",
        "cluster_id = 'prod'",
    )
    assert cost == parts == told == D("110.10002")


def test_parts_have_their_adjustments_and_the_rest_keeps_rounding_and_load_balancers(cluster: Warehouse) -> None:
    columns = "resource_id, cpu_cost, gpu_cost, ram_cost, storage_cost, other_cost"
    assert capacity(cluster, columns, "resource_id in ('serving', '__unallocated__') and cost < 70 and cost <> 10") == [
        ("__unallocated__", None, None, None, None, D("0.4")),
        ("serving", D(3), D("64.8"), D("1.2"), None, D("0.20001")),
    ]


def test_used_gpu_hours_are_unknown_where_nobody_measured_them(cluster: Warehouse) -> None:
    assert capacity(cluster, "resource_id, unit, capacity, used", "cluster_id = 'prod' and cost <> 10") == [
        ("__idle__", "gpu_hours", D(0), None),
        ("__unallocated__", "gpu_hours", None, None),
        ("serving", "gpu_hours", D(24), D("15.6")),
        ("web", "gpu_hours", D(0), None),
    ]


def test_a_row_of_the_export_is_a_container_and_a_day_and_doubles_lose_only_noise(cluster: Warehouse) -> None:
    columns = "resource_id, namespace, pod, cost, gpu_cost, tags, period_start_at, period_end_at"
    day = (datetime(2026, 10, 5), datetime(2026, 10, 6))  # noqa: DTZ001 - as the marts have it
    assert capacity(cluster, columns, "cluster_id is null") == [
        ("serving/vllm-0/vllm", "serving", "vllm-0", D("60.323456789012"), D(60), '{"team":"chat"}', *day),
        ("web/web-1/nginx", "web", "web-1", D("0.0000001"), D(0), None, *day),
    ]


# ---------------------------------------------------------------------------------------------------------------- vLLM


def server(pod: str, metric: str, samples: Samples, **more: str) -> dict[str, Any]:
    labels = {"model_name": "llama", "engine": "0", "namespace": "serving", "pod": pod, **more}
    return series(f"vllm:{metric}", samples, **labels)


def scrape(tokens: object, *, minute: float | None, instance: str, model: str = "qwen") -> str:
    target = f'# {(NOON + timedelta(minutes=minute)).isoformat()} instance="{instance}"\n' if minute is not None else ""
    labels = f'engine="0",model_name="{model}"'
    return (
        f"{target}# HELP vllm:prompt_tokens_total Number of prefill tokens processed.\n"
        "# TYPE vllm:prompt_tokens_total counter\n"
        f"vllm:prompt_tokens_total{{{labels}}} {tokens}\n"
        f'vllm:request_success_total{{{labels},finished_reason="stop"}} {tokens}\n'
        f'vllm:time_to_first_token_seconds_bucket{{le="+Inf",{labels}}} 17.0\n'
        "process_cpu_seconds_total 12.5\n"
    )


def timed(tokens: int, *, minute: int) -> str:
    """A line that says itself when it was."""
    return f'vllm:prompt_tokens_total{{model_name="qwen",engine="0"}} {tokens} {1791374400000 + minute * 60_000}\n'


@pytest.fixture(scope="module")
def servers(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("servers")
    loaded = warehouse("servers", select=MODELS)
    first = answer(
        folder / "first.json",
        server("a", "prompt_tokens_total", [(0, 1000), (1, 1600), (2, 250), (3, 300)]),  # restarted before 12:02
        server("a", "generation_tokens_total", [(0, 100), (1, 400), (2, 50), (3, "NaN")]),
        server("a", "request_success_total", [(0, 10), (1, 14), (2, 1), (3, 2)], finished_reason="stop"),
        server("a", "request_success_total", [(0, 1), (1, 2), (2, 0), (3, 0)], finished_reason="length"),
        server("a", "prefix_cache_hits_total", [(0, 500), (1, 820), (2, 0), (3, 48)]),
        server("a", "kv_cache_usage_perc", [(0, 0.5), (1, 0.25), (2, 0), (3, 0.125)]),
        server("a", "gpu_cache_usage_perc", [(0, 0.5), (1, 0.25), (2, 0), (3, 0.125)]),
        server("a", "num_requests_running", [(0, 2), (1, 3), (2, 0), (3, 1)]),
        server("a", "num_requests_waiting", [(0, 0), (1, 7), (2, 0), (3, 0)]),
        server("b", "prompt_tokens_total", [(0, 70), (1, 70), (300, 1070)]),  # nobody looked for five hours
        server("b", "gpu_cache_usage_perc", [(0, 0.5), (1, 0.25), (300, 0)]),
        server("b", "gpu_prefix_cache_hits_total", [(0, 7), (1, 7), (300, 107)]),
        server("b", "prompt_tokens_total", [(0, 5), (1, 9)], model_name="mistral"),
        server("c", "prompt_tokens_total", [(0, 10), (1, 110)]),
        server("c", "prompt_tokens_total", [(0, 20), (1, 40)], engine="1"),
    )
    # the last minute of the first file once more, and one more
    again = answer(folder / "again.json", server("a", "prompt_tokens_total", [(2, 250), (3, 300), (4, 1.3e3)]))
    texts = {
        "one.prom": scrape("1.5e+06", minute=0, instance="x") + scrape("10", minute=0, instance="y"),
        "two.prom": scrape("1.500007e+06", minute=2, instance="x"),
        "copy.prom": scrape("1.500007e+06", minute=2, instance="x") + "# EOF\n",
        "three.prom": scrape("25", minute=2, instance="y") + timed(26, minute=4),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    loaded.load(first, again, *((folder / name, None) for name in texts))
    return loaded


USE = "period_start_at, period_end_at, input_tokens, cache_read_tokens, output_tokens, request_count"


def test_a_counter_that_was_reset_counts_anew_and_a_scrape_in_two_files_counts_once(servers: Warehouse) -> None:
    assert capacity(servers, USE, "resource_id = 'a'") == [
        (at(0), at(1), 600, 320, 300, 5),
        (at(1), at(2), 250, 0, 50, 1),
        (at(2), at(3), 50, 48, None, 1),
        (at(3), at(4), 1000, None, None, None),
    ]


def test_gauges_hold_until_the_next_scrape_and_two_names_of_one_count_once(servers: Warehouse) -> None:
    columns = "period_end_at, unit, capacity, used, running_request_count, waiting_request_count"
    assert capacity(servers, columns, f"resource_id = 'a' and period_end_at < timestamp '{at(4)}'") == [
        (at(1), "kv_cache_seconds", D(60), D(30), 3, 7),
        (at(2), "kv_cache_seconds", D(60), D(15), 0, 0),
        (at(3), "kv_cache_seconds", D(60), D(0), 1, 0),
    ]


def test_over_a_gap_tokens_are_known_and_what_was_not_watched_is_neither_there_nor_used(servers: Warehouse) -> None:
    columns = "model_id, period_start_at, period_end_at, input_tokens, cache_read_tokens, capacity, used"
    assert capacity(servers, columns, "resource_id = 'b'") == [
        ("llama", at(0), at(1), 0, 0, D(60), D(30)),
        ("llama", at(1), at(300), 1000, 100, D(3600), D(900)),
        ("mistral", at(0), at(1), 4, None, None, None),
    ]


def test_engines_of_a_server_are_one_server_and_replicas_are_not(servers: Warehouse) -> None:
    assert capacity(servers, "resource_id, input_tokens", "resource_id = 'c'") == [("c", 120)]
    tokens = capacity(servers, "resource_id, sum(input_tokens)", "model_id = 'llama' group by 1")
    assert tokens == [("a", 1900), ("b", 1000), ("c", 120)]


def test_scrapes_in_files_have_the_time_and_target_of_their_comment_or_of_their_line(servers: Warehouse) -> None:
    columns = "resource_id, period_start_at, period_end_at, input_tokens, request_count"
    assert capacity(servers, columns, "model_id = 'qwen'") == [
        ("x", at(0), at(2), 7, 7),
        ("y", at(0), at(2), 15, 15),
        ("y", at(2), at(4), 1, None),
    ]


# ---------------------------------------------------------------------------------------------------------------- DCGM


def gpu(metric: str, samples: Samples, uuid: str = "GPU-1", **more: str) -> dict[str, Any]:
    host = {} if "hostname" in more else {"Hostname": "node-1"}
    return series(f"DCGM_FI_{metric}", samples, UUID=uuid, gpu="0", modelName="H100", **host, **more)


@pytest.fixture(scope="module")
def gpus(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("gpus")
    loaded = warehouse("gpus", select=MODELS)
    held = {"namespace": "serving", "pod": "vllm-0"}
    found = answer(
        folder / "found.json",
        # half used from 12:40, three quarters from 13:10; the last sample stands for no time yet
        gpu("PROF_GR_ENGINE_ACTIVE", [(40, 0.5), (70, 0.75), (80, 0.25)], **held),
        gpu("DEV_GPU_UTIL", [(40, 100), (70, 100), (80, 100)], **held),
        gpu("DEV_FB_USED", [(40, 70000), (70, 70000), (80, 70000)], **held),
        # no profiling: percent; held by nobody, so that Prometheus wrote the exporter's pod; then a gap of a day
        gpu("DEV_GPU_UTIL", [(0, 20), (30, 0)], "GPU-2", namespace="gpu", pod="nvidia-dcgm-exporter-x1", hostname="n2"),
        gpu("DEV_GPU_UTIL", [(1470, 10)], "GPU-2", hostname="n2"),
        # one pod after the other
        gpu("DEV_GPU_UTIL", [(0, 100)], "GPU-3", namespace="a", pod="one"),
        gpu("DEV_GPU_UTIL", [(10, 50), (20, 50)], "GPU-3", namespace="a", exported_pod="two", pod="dcgm-exporter-z"),
        # two pods in turns: the same seconds are not there twice
        gpu("DEV_GPU_UTIL", [(0, 60), (10, 60)], "GPU-4", namespace="a", pod="one"),
        gpu("DEV_GPU_UTIL", [(0, 60), (10, 60)], "GPU-4", namespace="a", pod="two"),
        gpu("PROF_GR_ENGINE_ACTIVE", [(0, 0.5), (1, 0.5)], "GPU-5", GPU_I_ID="3", GPU_I_PROFILE="1g.10gb"),
    )
    text = folder / "copy.prom"
    at_40 = int((NOON + timedelta(minutes=40)).timestamp() * 1000)
    text.write_text(
        "# TYPE DCGM_FI_PROF_GR_ENGINE_ACTIVE gauge\n"
        'DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu="0",UUID="GPU-1",hostname="node-1",namespace="serving",pod="vllm-0"}'
        f" 0.5 {at_40}\n"
    )
    loaded.load(found, (text, None))
    return loaded


def used(
    loaded: Warehouse, gpu_id: str, columns: str = "pod, period_start_at, capacity, used"
) -> list[tuple[Any, ...]]:
    return capacity(loaded, columns, f"resource_id = '{gpu_id}'")


def test_gpu_seconds_are_split_at_the_hour_by_the_better_measure_and_a_scrape_counts_once(gpus: Warehouse) -> None:
    assert used(gpus, "GPU-1") == [
        ("vllm-0", at(0), D(1200), D(600)),  # 20 minutes at a half
        ("vllm-0", at(60), D(1200), D(750)),  # 10 minutes at a half, 10 at three quarters
    ]
    assert used(gpus, "GPU-1", "distinct unit, node_id, namespace") == [("gpu_seconds", "node-1", "serving")]


def test_a_gpu_that_no_workload_holds_has_no_pod_and_a_gap_is_watched_for_an_hour(gpus: Warehouse) -> None:
    assert used(gpus, "GPU-2") == [
        (None, at(0), D(3600), D(360)),  # 30 minutes at a fifth, 30 at nothing
        (None, at(60), D(1800), D(0)),
    ]


def test_pods_that_follow_each_other_have_their_own_seconds_and_those_that_share_have_none(gpus: Warehouse) -> None:
    assert used(gpus, "GPU-3") == [("one", at(0), D(600), D(600)), ("two", at(0), D(600), D(300))]
    assert used(gpus, "GPU-4") == [(None, at(0), D(600), D(360))]


def test_a_slice_of_a_gpu_is_counted_as_a_slice(gpus: Warehouse) -> None:
    assert used(gpus, "GPU-5/3", "unit, capacity, used") == [("gpu_slice_seconds", D(60), D(30))]
