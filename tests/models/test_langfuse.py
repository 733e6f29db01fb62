"""Langfuse's observations: real exports, every form that they come in, versions, and names of kinds of usage."""

import csv
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.models.conftest import CALL_MODELS, Warehouse
from tests.models.test_token_semantics import canonical_requests, quantities

MODELS = f"{CALL_MODELS} +input_balance +unknown_usage"

Line = dict[str, Any]
NEW = Callable[[str], Warehouse]


def observation(name: str, usage: Mapping[str, Any] | None = None, /, **more: Any) -> Line:
    return {
        "id": name,
        "traceId": "t-1",
        "type": "GENERATION",
        "startTime": "2026-10-07T13:46:57.000Z",
        "endTime": "2026-10-07T13:47:02.900Z",
        "providedModelName": "claude-sonnet-5",
        "usageDetails": usage or {},
        "level": "DEFAULT",
        "updatedAt": "2026-10-07T13:50:00.000Z",
        **more,
    }


def write(path: Path, *lines: Line) -> tuple[Path, str]:
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path, "langfuse"


def statuses(home: Warehouse) -> dict[str, tuple[Decimal | None, str]]:
    rows = home.rows("select request_id, cost_usd, price_status from fct_requests")
    return {name: (cost, status) for name, cost, status in rows}


# ------------------------------------------------------------------------------------------------------- real exports

OWN_PRICES = {"83517f9062f5ada4", "4f6535aaebcda355", "5ba09605e0929d78"}
"""Generations of gpt-4o, which that project's owner priced a quarter to a fifth of the list price."""


def test_real_generations_with_usage_are_one_request_each_at_the_cost_that_langfuse_found(
    warehouse: NEW, shared_data: Path
) -> None:
    paths = sorted((shared_data / "langfuse_traces").glob("*.json"))
    assert len(paths) == 8
    generations = {
        one["id"]: one
        for path in paths
        for one in json.loads(path.read_text())["observations"]
        if one["type"] == "GENERATION"
    }
    home = warehouse("langfuse-real", select=MODELS)
    home.load(*((path, None) for path in paths))
    calls = canonical_requests(home)
    costs = statuses(home)
    assert {name for name, call in calls.items() if call["operation"] == "chat"} == generations.keys()
    assert {status for name, (_, status) in costs.items() if name not in generations} == {"not_billed"}
    for name in generations:
        usage = generations[name]["usageDetails"]
        if not usage:
            assert costs[name] == (None, "usage_missing")
            continue
        found = quantities(calls[name])
        assert (found.get("uncached_input_tokens", 0), found.get("output_tokens", 0)) == (
            usage["input"],
            usage.get("output", 0),
        )
        cost, status = costs[name]
        assert status == "priced"
        assert cost is not None
        theirs = Decimal(str(generations[name]["costDetails"]["total"]))
        # Langfuse sums doubles: its last digit is now and then one less than the exact cost
        assert (abs(cost - theirs) <= Decimal("1e-12")) == (name not in OWN_PRICES), name
    assert {call["response_id"] for call in calls.values() if call["response_id"]} == {
        "resp_097184780dc1e1bc00691b3756e6848195a954cd789a29c378",
        "chatcmpl-Cj4xu0Nus6lKWVVmxlb7TZTsMizLD",
        "chatcmpl-Cj4xwF0fLMbLL7cj2PpKMa69vdqgM",
        "chatcmpl-Cj4xysdHxD1EWQ6YHKdnqZ9dcX90X",
        "chatcmpl-Cj4xzvxxhTcFqIdven62KgHXNPUCI",
    }


# -------------------------------------------------------------------------------------------------------------- forms

USAGE = {"input": 1_000, "cache_read_input_tokens": 50_000, "input_cache_creation_5m": 8_000, "output": 1_200}


def metadata(name: str) -> Line:
    return {
        "customer_id": "northwind",
        "feature": "search",
        "attributes": {
            "gen_ai.system": "anthropic",
            "gen_ai.response.id": f"msg_{name}",
            "input.value": '{"customer_id": "CANARY", "messages": []}',
        },
    }


def flat(name: str) -> Line:
    more = {"userId": "ann", "sessionId": "conv-1", "environment": "production", "metadata": metadata(name)}
    more |= {"completionStartTime": "2026-10-07T13:46:57.640Z", "totalCost": 0.044}
    return observation(name, USAGE, **more, input="CANARY", output="CANARY")


def stored(name: str) -> Line:
    """As the storage has it: snake case, no zone, and maps of texts."""
    line = {
        "".join(f"_{one.lower()}" if one.isupper() else one for one in key): value for key, value in flat(name).items()
    }
    for time in ("start_time", "end_time", "completion_start_time", "updated_at"):
        line[time] = line[time].replace("T", " ").rstrip("Z")
    return line | {"metadata": {**metadata(name), "attributes": json.dumps(metadata(name)["attributes"])}}


def lines(path: Path) -> None:
    write(path, flat("lines"))


def array(path: Path) -> None:
    path.write_text(json.dumps([flat("array")], indent=2))


def page(path: Path) -> None:
    path.write_text(json.dumps({"data": [flat("page")], "meta": {"page": 1, "totalItems": 1}}))


def trace(path: Path) -> None:
    """A trace of the API, which has user and session, with its observations."""
    inner = {name: value for name, value in flat("trace").items() if name not in {"userId", "sessionId"}}
    told = {"id": "t-1", "userId": "ann", "sessionId": "conv-1", "name": "not the feature", "observations": [inner]}
    path.write_text(json.dumps(told))


def table(path: Path) -> None:
    row = stored("table")
    row |= {name: json.dumps(row[name]) for name in ("usage_details", "metadata")}
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)


def parquet(path: Path) -> None:
    maps = {"usage_details": pa.map_(pa.string(), pa.uint64()), "metadata": pa.map_(pa.string(), pa.string())}
    columns = {
        name: pa.array([list(value.items())], maps[name]) if name in maps else pa.array([value])
        for name, value in stored("parquet").items()
    }
    pq.write_table(pa.table(columns), path)


FORMS = (lines, array, page, trace, table, parquet)


def test_the_same_observation_is_the_same_request_in_every_form(warehouse: NEW, tmp_path: Path) -> None:
    for form in FORMS:
        form(tmp_path / form.__name__)
    home = warehouse("forms", select=MODELS)
    home.load(*((tmp_path / form.__name__, None) for form in FORMS))
    calls = canonical_requests(home)
    assert calls.keys() == {form.__name__ for form in FORMS}
    for name, call in calls.items():
        assert quantities(call) == {
            "uncached_input_tokens": 1_000,
            "cache_read_tokens": 50_000,
            "cache_write_5m_tokens": 8_000,
            "output_tokens": 1_200,
        }
        told = {
            "response_id": f"msg_{name}", "provider_id": "anthropic", "model_id": "claude-sonnet-5",
            "customer_id": "northwind", "feature_id": "search", "conversation_id": "conv-1", "user_id": "ann",
            "environment": "production", "trace_id": "t-1", "latency_ms": 5_900, "time_to_first_token_ms": 640,
        }  # fmt: skip
        assert {column: call[column] for column in told} == told, name
        assert str(call["requested_at"]) == "2026-10-07 13:46:57"
    # 1,000 × 2 + 50,000 × 0.20 + 8,000 × 2.50 + 1,200 × 10, a million each
    assert set(statuses(home).values()) == {(Decimal("0.044"), "priced")}
    assert not [path for path in home.home.rglob("*") if path.is_file() and b"CANARY" in path.read_bytes()]


def test_a_manifest_in_an_exported_folder_is_refused_and_the_rest_is_read(warehouse: NEW, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "manifests").mkdir(parents=True)
    (folder / "manifests" / "2026-10-07T14-00-00.json").write_text(
        json.dumps({"version": 1, "minTimestamp": "2026-10-07T13:00:00Z", "files": [{"key": "o", "rowCount": 1}]})
    )
    write(folder / "o.jsonl", flat("obs-1"))
    home = warehouse("manifest", select=MODELS)
    home.load((folder, None))
    assert statuses(home).keys() == {"obs-1"}


# ----------------------------------------------------------------------------------------------------------- versions


@pytest.mark.parametrize("at_once", [True, False])
def test_the_latest_version_of_an_observation_holds(warehouse: NEW, tmp_path: Path, at_once: bool) -> None:
    """The third one says less than the second."""
    outputs = {"1": 10, "2": 900, "3": 500}
    orders = ("123", "321", "312")
    files = [
        write(
            tmp_path / f"{step}.jsonl",
            *(
                observation(
                    order,
                    {"input": 100, "output": outputs[order[step]]},
                    updatedAt=f"2026-10-07T13:5{order[step]}:00.000Z",
                )
                for order in orders
            ),
        )
        for step in range(3)
    ]
    home = warehouse("versions", select=MODELS)
    for loaded in [files] if at_once else [[file] for file in files]:
        home.load(*loaded)
    assert {name: call["output_tokens"] for name, call in canonical_requests(home).items()} == dict.fromkeys(
        orders, 500
    )


# ------------------------------------------------------------------------------------------------------ kinds of usage

INPUT, READ, OUT, THOUGHT = "uncached_input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens"
KINDS: dict[str, tuple[dict[str, int], dict[str, int], str | None]] = {
    **{
        f"{name} is read": ({"input": 10, name: 7, "output": 2}, {INPUT: 10, READ: 7, OUT: 2}, None)
        for name in ("input_cached_tokens", "input_cache_read", "cache_read_input_tokens", "cachedInputTokens")
    },
    **{
        f"{name} is written": ({"input": 10, name: 7}, {INPUT: 10, f"cache_write_{kept}_tokens": 7}, None)
        for name, kept in {
            "input_cache_creation": "unknown",
            "cache_creation_input_tokens": "unknown",
            "cache_write_tokens": "unknown",
            "input_cache_creation_5m": "5m",
            "input_cache_creation_1h": "1h",
            "cache_creation.ephemeral_1h_input_tokens": "1h",
        }.items()
    },
    "lifetimes are not added to their sum": (
        {"input": 1, "input_cache_creation": 8, "input_cache_creation_5m": 5, "input_cache_creation_1h": 3},
        {INPUT: 1, "cache_write_5m_tokens": 5, "cache_write_1h_tokens": 3},
        None,
    ),
    **{
        f"{name} is output beside `output`": ({"input": 1, "output": 2, name: 5}, {INPUT: 1, OUT: 7, THOUGHT: 5}, None)
        for name in ("output_reasoning", "output_reasoning_tokens", "thoughts_token_count")
    },
    "audio and images": (
        {"input": 1, "input_audio": 2, "input_image_tokens": 3, "output": 4, "output_audio_tokens": 5},
        {INPUT: 1, "input_audio_tokens": 2, "input_image_tokens": 3, OUT: 4, "output_audio_tokens": 5},
        None,
    ),
    "a total of all kinds has its parts apart": (
        {"input": 4, "prompt_details.cache_read": 6, "output": 2, "completion_details.reasoning": 1, "total": 13},
        {INPUT: 4, READ: 6, OUT: 3, THOUGHT: 1},
        None,
    ),
    "a total of input and output has them inside": (
        {"input": 10, "prompt_details.cache_read": 6, "output": 2, "completion_details.reasoning": 1, "total": 12},
        {INPUT: 4, READ: 6, OUT: 2, THOUGHT: 1},
        None,
    ),
    "prompt and completion": (
        {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
        {INPUT: 10, OUT: 2},
        None,
    ),
    "an unknown kind does not vanish": (
        {"input": 10, "touch": 3, "output": 2, "smell_tokens": 4},
        {INPUT: 10, OUT: 2},
        "smell_tokens=4 touch=3",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def loaded(warehouse: NEW, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    home = warehouse("langfuse-kinds", select=MODELS)
    folder = tmp_path_factory.mktemp("langfuse")
    home.load(
        write(
            folder / "o.jsonl",
            *(observation(name, usage) for name, (usage, *_) in KINDS.items()),
            observation("zeros", {"input": 0, "output": 0, "total": 0}),
            observation("only a total", {"total": 500}),
            observation("failed", level="ERROR"),
            observation("reranked", name="rerank", providedModelName="rerank-v3.5"),
            observation("time-13-46-57-000001_chatcmpl-9x", {"input": 1, "output": 1}, providedModelName="gpt-5"),
            observation("legacy", usage={"input": 10, "output": 2, "unit": "TOKENS"}),
            observation("embedded", {"input": 10}, type="EMBEDDING", providedModelName="text-embedding-3-small"),
            observation("around", {"input": 99, "output": 9}, userId="ann", updatedAt="2026-10-07T14:00:00.000Z"),
            observation("below", {"input": 10, "output": 2}, parentObservationId="around"),
            observation("an agent", {"input": 99, "output": 9}, type="AGENT"),
        )
    )
    return home


@pytest.fixture(scope="module")
def calls(loaded: Warehouse) -> dict[str, Line]:
    unknown = dict(loaded.rows("select request_id, unknown_usage from staging.stg_langfuse__requests"))
    return {name: {**call, "unknown_usage": unknown[name]} for name, call in canonical_requests(loaded).items()}


@pytest.mark.parametrize("case", KINDS)
def test_a_kind_of_usage_is_known_by_its_name(calls: dict[str, Line], case: str) -> None:
    _, counted, unknown = KINDS[case]
    assert (quantities(calls[case]), calls[case]["unknown_usage"]) == (counted, unknown)


@pytest.mark.parametrize("name", ["zeros", "only a total", "reranked"])
def test_a_generation_that_tells_no_use_is_not_free(loaded: Warehouse, name: str) -> None:
    assert statuses(loaded)[name] == (None, "usage_missing")


def test_a_failed_generation_without_usage_is_not_billed(loaded: Warehouse) -> None:
    assert statuses(loaded)["failed"] == (None, "not_billed")


def test_litellm_names_its_observations_by_the_response(calls: dict[str, Line]) -> None:
    assert calls["time-13-46-57-000001_chatcmpl-9x"]["response_id"] == "chatcmpl-9x"


def test_older_counts_and_embeddings_are_read(calls: dict[str, Line]) -> None:
    assert quantities(calls["legacy"]) == {INPUT: 10, OUT: 2}
    assert (calls["embedded"]["operation"], quantities(calls["embedded"])) == ("embeddings", {INPUT: 10})


def test_each_generation_is_a_call_of_its_own_and_an_agent_is_none(loaded: Warehouse, calls: dict[str, Line]) -> None:
    """A generation in a generation is two calls, as Langfuse's own totals have it."""
    assert quantities(calls["around"]) == {INPUT: 99, OUT: 9}
    assert quantities(calls["below"]) == {INPUT: 10, OUT: 2}
    assert "an agent" not in calls
    assert loaded.rows("select sum(landed_count), sum(counted_count), sum(duplicate_count) from input_balance") == [
        (len(calls), len(calls), 0)
    ]


# ---------------------------------------------------------------------------------------------------------- documents


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_documents_of_a_retriever_are_counted_and_an_answers_messages_are_none(
    warehouse: NEW, tmp_path: Path, form: str
) -> None:
    lines = [
        observation("list", type="RETRIEVER", output=[{"page_content": "CANARY"}, {"page_content": "CANARY 2"}]),
        observation("inside", type="RETRIEVER", output={"documents": [{"id": number} for number in range(5)]}),
        observation("told", type="RETRIEVER", output=[], metadata={"retrieved_chunks": 7}),
        observation("answer", {"input": 10}, output=[{"role": "assistant"}], metadata={"used_chunks": 3}),
        observation("words", type="RETRIEVER", output="[see page 3]", metadata={"retrieved_chunks": "many"}),
    ]
    path = tmp_path / f"observations.{form}"
    if form == "jsonl":
        write(path, *lines)
    else:
        with path.open("w", newline="") as file:
            rows = csv.DictWriter(file, [*observation("", output="", metadata="")])
            rows.writeheader()
            for line in lines:
                told = ("usageDetails", "output", "metadata")
                rows.writerow(line | {key: json.dumps(line[key]) for key in told if key in line})
    home = warehouse(f"langfuse-documents-{form}", select=MODELS)
    home.load((path, "langfuse"))
    rows = home.rows("select request_id, retrieved_chunk_count, used_chunk_count from fct_requests")
    found = {name: counts for name, *counts in rows}
    inside = 5 if form == "jsonl" else None  # a cell of a table is looked at as a whole
    assert found == {
        "list": [2, None], "inside": [inside, None], "told": [7, None], "answer": [None, 3], "words": [None, None],
    }  # fmt: skip
