"""OpenCost and Kubecost: what a Kubernetes cluster costs by namespace, pod or whatever the allocation was asked by.

Answers of `/allocation` (`/allocation/compute`, Kubecost's `/model/allocation`): a map of name → allocation for each
window, idle and unallocated cost among them; or the daily CSV export (`EXPORT_CSV_FILE`), which has no idle cost.
Schema: opencost `core/pkg/opencost/allocation_json.go`, `pkg/costmodel/csv_export.go`. Costs are doubles; the API
rounds each to five decimals, so that parts need not sum to the total.
"""

from ingest.source import Column, Sample, Source, Table, Type

HEADERS = {"date", "namespace", "controllerkind", "pod", "container", "totalcost"}


def _recognises(sample: Sample) -> bool:
    return sample.headers >= HEADERS or any(
        "totalCost" in allocation and "window" in allocation
        for record in sample.records
        for allocations in _listed(record.get("data"))
        if isinstance(allocations, dict)
        for allocation in allocations.values()
        if isinstance(allocation, dict)
    )


def _listed(data: object) -> list[object]:
    return data if isinstance(data, list) else []


def _cost(name: str, *paths: str) -> Column:
    return Column(name, Type.FLOAT_MONEY, paths)


SOURCE = Source(
    name="opencost",
    about="OpenCost or Kubecost allocations: answers of the API, JSON, or the daily CSV export",
    tables=(
        Table(
            shape="capacity",
            formats=("jsonl", "csv"),
            date="window_start",
            recognises=_recognises,
            # A window is asked again, finer or once it is over: the newer answer states all of it. Rows of the same
            # window by another aggregation are the same money.
            replaces=("cluster", "window_start"),
            each=(("data",), ("*",)),
            where="marker is not null",
            columns=(
                Column("marker", paths=("name", "totalCost"), landed=False),
                Column("name", paths=("name",)),
                Column("cluster", paths=("properties.cluster", "Cluster"), identifier=True),
                Column("node", paths=("properties.node", "Node")),
                Column("namespace", paths=("properties.namespace", "Namespace")),
                Column("controller_kind", paths=("properties.controllerKind", "ControllerKind")),
                Column("controller", paths=("properties.controller", "ControllerName")),
                Column("pod", paths=("properties.pod", "Pod")),
                Column("container", paths=("properties.container", "Container")),
                Column("provider_resource_id", paths=("properties.providerID",)),
                Column("labels", Type.JSON, ("properties.labels", "Labels")),
                Column("window_start", Type.TIMESTAMP, ("window.start", "start", "Date"), required=True, zone="UTC"),
                Column("window_end", Type.TIMESTAMP, ("window.end", "end"), zone="UTC"),
                Column("minutes", Type.QUANTITY, ("minutes",)),
                Column("gpu_count", Type.QUANTITY, ("gpuCount", "GPUs")),
                Column("gpu_hours", Type.QUANTITY, ("gpuHours",)),
                Column("cpu_core_hours", Type.QUANTITY, ("cpuCoreHours",)),
                Column("ram_byte_hours", Type.QUANTITY, ("ramByteHours",)),
                Column("gpu_efficiency", Type.QUANTITY, ("gpuEfficiency",)),
                Column("cpu_efficiency", Type.QUANTITY, ("cpuEfficiency",)),
                Column("ram_efficiency", Type.QUANTITY, ("ramEfficiency",)),
                Column("total_efficiency", Type.QUANTITY, ("totalEfficiency",)),
                _cost("cpu_cost", "cpuCost"),
                _cost("cpu_adjustment", "cpuCostAdjustment"),
                _cost("gpu_cost", "gpuCost"),
                _cost("gpu_adjustment", "gpuCostAdjustment"),
                _cost("ram_cost", "ramCost"),
                _cost("ram_adjustment", "ramCostAdjustment"),
                _cost("pv_cost", "pvCost"),
                _cost("pv_adjustment", "pvCostAdjustment"),
                _cost("network_cost", "networkCost"),
                _cost("network_adjustment", "networkCostAdjustment"),
                _cost("load_balancer_cost", "loadBalancerCost"),
                _cost("shared_cost", "sharedCost"),
                _cost("external_cost", "externalCost"),
                _cost("total_cost", "totalCost"),
            ),
        ),
    ),
)
