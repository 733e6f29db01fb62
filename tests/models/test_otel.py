"""Spans of OpenTelemetry: every name of every attribute, every framing, and which spans of a tree count."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import otlp
from ingest.files import inspect
from ingest.landing import land
from ingest.sources.otel import SOURCE
from tests.conftest import landed_rows
from tests.models.conftest import CALL_MODELS, Warehouse
from tests.models.test_token_semantics import canonical_requests, quantities

MODELS = f"{CALL_MODELS} +unknown_usage"

Line = dict[str, Any]
START = 1_791_380_817_000_000_000  # 2026-10-07 13:46:57 UTC
TRACE = "5b8efff798038103d269b633813fc60c"
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-5"}
SMALL = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10}
EVENTS = [{"name": "gen_ai.content", "attributes": [{"key": "p", "value": {"stringValue": "CANARY"}}]}]


def value(given: Any) -> Line:
    if isinstance(given, float):
        return {"doubleValue": given}
    return {"stringValue": given} if isinstance(given, str) else {"intValue": str(given)}


def attributes(given: Line) -> list[Line]:
    return [{"key": key, "value": value(one)} for key, one in given.items()]


def span(number: int, given: Line, *, parent: int | None = None, **more: Any) -> Line:
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        **({} if parent is None else {"parentSpanId": f"{parent:016x}"}),
        "name": "span",
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 5_900_000_000),
        "attributes": attributes(given),
        "events": EVENTS,
        **more,
    }


def export(*spans: Line, resource: Line | None = None) -> Line:
    scopes = [{"scope": {"name": "test"}, "spans": list(spans)}]
    return {"resourceSpans": [{"resource": {"attributes": attributes(resource or {})}, "scopeSpans": scopes}]}


def write(path: Path, *exports: Line) -> Path:
    path.write_text("\n".join(map(json.dumps, exports)) + "\n")
    return path


def name(number: int) -> str:
    return f"{TRACE}:{number:016x}"


# -------------------------------------------------------------------------------------------------------------- names

ALIASES = {
    "provider": "gen_ai.provider.name gen_ai.system llm.provider llm.system ai.model.provider",
    "operation": "gen_ai.operation.name llm.request.type",
    "span_kind": "openinference.span.kind traceloop.span.kind",
    "ai_operation": "ai.operationId",
    "requested_model": "gen_ai.request.model llm.model_name llm.request.model embedding.model_name ai.model.id",
    "model": "gen_ai.response.model ai.response.model gen_ai.request.model llm.model_name ai.model.id",
    "response_id": "gen_ai.response.id llm.response.id ai.response.id",
    "conversation_id": "gen_ai.conversation.id session.id langfuse.session.id thread.id "
    "traceloop.association.properties.conversation_id traceloop.association.properties.session_id",
    "customer_id": "customer_id traceloop.association.properties.customer_id tenant.id",
    "feature_id": "feature traceloop.association.properties.feature gen_ai.workflow.name",
    "user_id": "enduser.id user.id langfuse.user.id traceloop.association.properties.user_id",
    "environment": "deployment.environment.name deployment.environment",
    "service_tier": "openai.response.service_tier openai.request.service_tier",
    "error_code": "error.type",
    "input_tokens": "gen_ai.usage.input_tokens gen_ai.usage.prompt_tokens llm.token_count.prompt "
    "llm.usage.prompt_tokens ai.usage.promptTokens ai.usage.inputTokens ai.usage.tokens",
    "output_tokens": "gen_ai.usage.output_tokens gen_ai.usage.completion_tokens llm.token_count.completion "
    "llm.usage.completion_tokens ai.usage.completionTokens ai.usage.outputTokens",
    "total_tokens": "gen_ai.usage.total_tokens llm.usage.total_tokens llm.token_count.total ai.usage.totalTokens",
    "cache_read_tokens": "gen_ai.usage.cache_read.input_tokens gen_ai.usage.cache_read_input_tokens "
    "gen_ai.usage.cache_read_tokens gen_ai.usage.details.cache_read_tokens gen_ai.usage.input_cached_tokens "
    "llm.token_count.prompt_details.cache_read llm.usage.cache_read_input_tokens ai.usage.cachedInputTokens "
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "cache_write_tokens": "gen_ai.usage.cache_write.input_tokens gen_ai.usage.cache_creation.input_tokens "
    "gen_ai.usage.cache_creation_input_tokens gen_ai.usage.cache_write_tokens gen_ai.usage.input_cache_creation "
    "gen_ai.usage.details.cache_write_tokens llm.token_count.prompt_details.cache_write "
    "llm.usage.cache_creation_input_tokens ai.usage.inputTokenDetails.cacheWriteTokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens llm.token_count.completion_details.reasoning "
    "gen_ai.usage.details.reasoning_tokens ai.usage.reasoningTokens llm.usage.reasoning_tokens",
    "input_audio_tokens": "gen_ai.usage.audio.input_tokens llm.token_count.prompt_details.audio",
    "output_audio_tokens": "gen_ai.usage.audio.output_tokens llm.token_count.completion_details.audio",
    "input_image_tokens": "gen_ai.usage.image.input_tokens",
    "output_image_tokens": "gen_ai.usage.image.output_tokens",
    "cache_read_audio_tokens": "gen_ai.usage.audio.cache_read.input_tokens",
    "cache_read_image_tokens": "gen_ai.usage.image.cache_read.input_tokens",
    "reported_cost_usd": "gen_ai.usage.cost llm.cost.total operation.cost",
    "seconds_to_first_token": "gen_ai.response.time_to_first_chunk",
    "milliseconds_to_first_token": "ai.response.msToFirstChunk",
}
"""Columns by the attributes of formats.md §10.1 and of the instrumentations that the source names."""
NAMES = [(column, alias) for column, aliases in ALIASES.items() for alias in aliases.split()]
NUMBERS = ("_tokens", "_token", "_usd")


@pytest.fixture
def landed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[[Path], list[Line]]:
    def do(path: Path) -> list[Line]:
        home = tmp_path / f"home-{path.name}"
        land(con, inspect(path), SOURCE, SOURCE.tables[0], home=home)
        kept = landed_rows(SOURCE.tables[0], home.rglob("landing/**/*.parquet"))
        found = con.sql(f"select * from {kept} order by span_id")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]

    return do


def test_every_name_of_an_attribute_is_read(landed: Callable[[Path], list[Line]], tmp_path: Path) -> None:
    spans = []
    for number, (column, alias) in enumerate(NAMES):
        said: Any = 7 if column.endswith(NUMBERS) else "said"
        needed = {} if column in {"operation", "span_kind", "ai_operation"} else {"gen_ai.operation.name": "chat"}
        spans.append(span(number, {**needed, alias: said}))
    rows = landed(write(tmp_path / "spans.jsonl", export(*spans)))
    assert len(rows) == len(NAMES)
    for (column, alias), row in zip(NAMES, rows, strict=True):
        assert row[column] == (7 if column.endswith(NUMBERS) else "said"), alias
        assert row["unknown_usage"] is None, alias


def test_counts_that_no_column_reads_land_under_their_names(
    landed: Callable[[Path], list[Line]], tmp_path: Path
) -> None:
    new = {"gen_ai.usage.touch_tokens": 5, "llm.usage.smell": "7", "gen_ai.usage.note": "CANARY", "ai.usage.x": 1.5}
    (row,) = landed(write(tmp_path / "spans.jsonl", export(span(1, {**CHAT, **SMALL, **new}))))
    assert row["unknown_usage"] == "gen_ai.usage.touch_tokens=5 llm.usage.smell=7 ai.usage.x=1.5"


# -------------------------------------------------------------------------------------------------------------- forms


def snake(given: Any) -> Any:
    if isinstance(given, list):
        return [snake(one) for one in given]
    if not isinstance(given, dict):
        return given
    names = {key: "".join(f"_{one.lower()}" if one.isupper() else one for one in key) for key in given}
    return {names[key]: snake(one) for key, one in given.items()}


def test_all_framings_of_a_span_are_the_same_row(landed: Callable[[Path], list[Line]], tmp_path: Path) -> None:
    spans = export(
        span(1, {**CHAT, **SMALL}, status={"code": 2}), resource={"service.name": "bot", "customer.id": "northwind"}
    )
    request = otlp.from_json(json.dumps(spans).encode())
    framed = request.SerializeToString()
    (tmp_path / "framed.bin").write_bytes(len(framed).to_bytes(4, "big") + framed)
    numbers = json.loads(json.dumps(spans).replace('"intValue": "100"', '"intValue": 100'))
    assert numbers != spans
    old = json.loads(json.dumps(spans).replace("scopeSpans", "instrumentationLibrarySpans"))
    write(tmp_path / "camel.jsonl", spans)
    write(tmp_path / "numbers.jsonl", numbers)
    write(tmp_path / "old.jsonl", old)
    write(tmp_path / "snake.jsonl", snake(spans))
    rows = []
    for form in ("camel.jsonl", "numbers.jsonl", "old.jsonl", "snake.jsonl", "framed.bin"):
        (row,) = landed(tmp_path / form)
        del row["input_id"]
        rows.append(row)
    assert all(row == rows[0] for row in rows)
    assert (rows[0]["input_tokens"], rows[0]["customer_id"], rows[0]["service_name"]) == (100, "northwind", "bot")


# --------------------------------------------------------------------------------------------------- what counts, costs

SUM = {"gen_ai.usage.input_tokens": 999, "gen_ai.usage.output_tokens": 99}
LLM = {"openinference.span.kind": "LLM", "llm.model_name": "claude-sonnet-5", "llm.provider": "anthropic"}
WHO = {
    "customer_id": "northwind", "feature": "search", "gen_ai.conversation.id": "conv-1", "user.id": "ann",
    "deployment.environment.name": "staging", "gen_ai.response.time_to_first_chunk": 0.64, "attempt": 2,
}  # fmt: skip
SPANS = [
    # a tree: what is above repeats what is below
    span(1, {"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "claude-sonnet-5", **SUM}),
    span(2, {"traceloop.span.kind": "workflow", **SUM}, parent=1),
    span(3, {"openinference.span.kind": "CHAIN", **SUM}, parent=2),
    span(4, {"ai.operationId": "ai.generateText", "ai.model.id": "claude-sonnet-5", **SUM}, parent=3),
    span(5, {**CHAT, **SMALL, **WHO}, parent=4),
    # work that is no call of a model
    span(6, {"gen_ai.operation.name": "execute_tool"}, parent=1),
    span(7, {"openinference.span.kind": "RETRIEVER"}, parent=1),
    span(8, {"openinference.span.kind": "RERANKER", "reranker.model_name": "rerank-v3.5", "llm.provider": "cohere"}),
    span(9, {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "text-embedding-3-small",
             "gen_ai.system": "openai", "gen_ai.usage.input_tokens": 50}),
    # a span of an unknown kind above a call, and one by itself
    span(10, {"gen_ai.request.model": "claude-sonnet-5", "customer_id": "acme", **SUM}),
    span(11, {**CHAT, **SMALL}, parent=10),
    span(12, {"gen_ai.request.model": "claude-sonnet-5", **SMALL}),
    # two instrumentations: with one response id, and one around the other
    span(13, {**CHAT, **SMALL, "gen_ai.response.id": "msg_twin"}),
    span(14, {**LLM, "llm.token_count.prompt": 100, "llm.token_count.completion": 10, "llm.response.id": "msg_twin"}),
    span(15, {**LLM, "llm.token_count.prompt": 100, "llm.token_count.completion": 10, "session.id": "conv-15"}),
    span(16, {**CHAT, **SMALL}, parent=15),
    # no usage
    span(17, {**CHAT, "error.type": "429"}),
    span(18, CHAT, status={"code": "STATUS_CODE_ERROR"}),
    span(19, CHAT),
    span(20, {**CHAT, "gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}),
    # counts apart
    span(21, {**CHAT, **SMALL, "gen_ai.usage.cache_read_input_tokens": 500}),
    span(22, {**CHAT, **SMALL, "gen_ai.usage.cache_read_input_tokens": 50, "gen_ai.usage.total_tokens": 160}),
    span(23, {**CHAT, **SMALL, "gen_ai.usage.cache_read_input_tokens": 50, "gen_ai.usage.total_tokens": 110}),
    span(24, {**CHAT, **SMALL, "gen_ai.usage.reasoning_tokens": 5, "llm.usage.total_tokens": 115}),
    span(25, {**CHAT, "gen_ai.usage.completion_tokens": 10, "llm.usage.total_tokens": 110}),
    # ids as protobuf's own JSON has them: the bytes of the trace, and a span of eight bytes 0
    {**span(26, {**CHAT, **SMALL}), "traceId": "W47/95gDgQPSabYzgT/GDA==", "spanId": "AAAAAAAAABo="},
    span(27, {"http.request.method": "GET"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def loaded(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    home = warehouse("otel", select=MODELS)
    resource = {"service.name": "bot", "deployment.environment": "production", "project_id": "p1"}
    home.load((write(tmp_path_factory.mktemp("otel") / "spans.jsonl", export(*SPANS, resource=resource)), None))
    return home


@pytest.fixture(scope="module")
def calls(loaded: Warehouse) -> dict[int, Line]:
    costs = {one: rest for one, *rest in loaded.rows(
        "select request_id, cost_usd, price_status, usage_status from fct_requests"
    )}  # fmt: skip
    return {
        int(one.rpartition(":")[2], 16): dict(
            call, **dict(zip(("cost", "price_status", "usage_status"), costs[one], strict=True))
        )
        for one, call in canonical_requests(loaded).items()
    }


def test_spans_that_sum_up_others_are_no_requests_and_every_call_is_one(calls: dict[int, Line]) -> None:
    assert sorted(calls) == [
        5,
        6,
        7,
        8,
        9,
        11,
        12,
        calls.keys() & {13, 14} and min(calls.keys() & {13, 14}),
        *range(16, 27),
    ]
    assert len(calls.keys() & {13, 14}) == 1


@pytest.mark.parametrize("number", [5, 11, 12, 13, 16, 26])
def test_a_call_costs_what_it_used(calls: dict[int, Line], number: int) -> None:
    """100 × 2 + 10 × 10, a million each."""
    call = calls.get(number) or calls[14]
    assert quantities(call) == {"uncached_input_tokens": 100, "output_tokens": 10}
    if number != 12:  # it names no provider, and more than one has the model
        assert call["cost"] == Decimal("0.0003")


def test_what_a_call_is_for_comes_from_its_span_and_the_resource(calls: dict[int, Line]) -> None:
    told = {
        "customer_id": "northwind", "feature_id": "search", "conversation_id": "conv-1", "user_id": "ann",
        "environment": "staging", "project_id": "p1", "attempt_number": 2, "latency_ms": 5_900,
        "time_to_first_token_ms": 640, "trace_id": TRACE, "status": "ok", "source_id": "otel",
    }  # fmt: skip
    assert {one: calls[5][one] for one in told} == told
    assert (calls[19]["feature_id"], calls[19]["environment"]) == ("bot", "production")


def test_the_span_around_a_call_tells_what_the_call_does_not(calls: dict[int, Line]) -> None:
    assert calls[11]["customer_id"] == "acme"
    assert calls[16]["conversation_id"] == "conv-15"


@pytest.mark.parametrize(
    ("number", "operation", "usage", "price"),
    [
        (6, "execute_tool", "not_billed", "not_billed"),
        (7, "retrieval", "not_billed", "not_billed"),
        (8, "rerank", "missing", "usage_missing"),
        (17, "chat", "not_billed", "not_billed"),
        (18, "chat", "not_billed", "not_billed"),
        (19, "chat", "missing", "usage_missing"),
        (20, "chat", "missing", "usage_missing"),
    ],
)
def test_without_usage_nothing_is_guessed(
    calls: dict[int, Line], number: int, operation: str, usage: str, price: str
) -> None:
    call = calls[number]
    assert (call["operation"], call["usage_status"], call["price_status"]) == (operation, usage, price)
    assert call["cost"] is None
    assert call["status"] == ("error" if number in {17, 18} else "ok")


def test_an_embedding_is_its_own_operation(calls: dict[int, Line]) -> None:
    assert (calls[9]["operation"], calls[9]["cost"]) == ("embeddings", Decimal("0.000001"))  # 50 × 0.02 a million


INPUT, READ, OUT = "uncached_input_tokens", "cache_read_tokens", "output_tokens"


@pytest.mark.parametrize(
    ("number", "counted"),
    [
        (21, {INPUT: 100, READ: 500, OUT: 10}),  # more read than there is input: apart
        (22, {INPUT: 100, READ: 50, OUT: 10}),  # apart, by the total
        (23, {INPUT: 50, READ: 50, OUT: 10}),
        (24, {INPUT: 100, OUT: 15, "reasoning_tokens": 5}),  # thoughts beside the answer, by the total
        (25, {INPUT: 100, OUT: 10}),  # the total less the output
    ],
)
def test_counts_that_are_apart_are_found_by_their_sums(
    calls: dict[int, Line], number: int, counted: dict[str, int]
) -> None:
    assert quantities(calls[number]) == counted


def test_an_id_in_base64_is_the_id_in_hex(calls: dict[int, Line]) -> None:
    assert calls[26]["trace_id"] == TRACE


def test_events_and_content_land_nowhere(loaded: Warehouse) -> None:
    assert not [path for path in loaded.home.rglob("*") if path.is_file() and b"CANARY" in path.read_bytes()]


# ---------------------------------------------------------------------------------------------------------- documents

RETRIEVAL = {"gen_ai.operation.name": "retrieval", "gen_ai.provider.name": "pinecone"}


def flattened(begin: str, count: int) -> Line:
    """As OpenInference writes documents: several attributes a document, from the eleventh on with two digits."""
    return {
        f"{begin}.{number}.document.{part}": given
        for number in range(count)
        for part, given in {"id": f"d{number}", "score": 0.5, "content": "CANARY"}.items()
    }


FOUND = {
    "the conventions": {**RETRIEVAL, "gen_ai.retrieval.documents": json.dumps([{"id": f"d{n}"} for n in range(12)])},
    "a retriever of OpenInference": {
        "openinference.span.kind": "RETRIEVER", **flattened("retrieval.documents", 12)
    },
    "a reranker of OpenInference": {
        "openinference.span.kind": "RERANKER",
        **flattened("reranker.input_documents", 40),
        **flattened("reranker.output_documents", 12),
    },
    "the application": {**RETRIEVAL, "retrieved_chunks": 12},
    "the application, beside the conventions": {
        **RETRIEVAL, "retrieved_chunks": 12, "gen_ai.retrieval.documents": "[1, 2]"
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def found(warehouse: Callable[..., Warehouse], tmp_path_factory: pytest.TempPathFactory) -> dict[str, int | None]:
    home = warehouse("otel-documents", select=MODELS)
    spans = [span(number, given) for number, given in enumerate(FOUND.values(), 1)]
    none = span(99, {**RETRIEVAL, "gen_ai.retrieval.documents": "CANARY"})
    path = tmp_path_factory.mktemp("spans") / "spans.jsonl"
    home.load((write(path, export(*spans, none)), None))
    return dict(home.rows("select request_id, retrieved_chunk_count from fct_requests"))


@pytest.mark.parametrize("number", range(1, len(FOUND) + 1), ids=list(FOUND))
def test_the_documents_of_a_retrieval_are_counted_where_the_span_tells_them(
    found: dict[str, int | None], number: int
) -> None:
    assert found[name(number)] == 12


def test_documents_that_are_no_list_are_not_counted(found: dict[str, int | None]) -> None:
    assert found[name(99)] is None
