"""What Cohere bills: `billed_units`, and nothing that was only counted."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Warehouse

MODELS = f"{CALL_MODELS} +unknown_usage"

AT = "2026-10-07T12:00:00Z"
Row = dict[str, Any]


def answer(name: str, model: str | None, body: Row, **more: Any) -> Row:
    return {"timestamp": AT, "request": {"model": model}, "response": {"id": name, **body}, **more}


def meta(**units: float) -> Row:
    return {"meta": {"api_version": {"version": "2"}, "billed_units": units}}


V2_USAGE = {
    "billed_units": {"input_tokens": 41, "output_tokens": 28},
    "tokens": {"input_tokens": 1_442, "output_tokens": 29},
    "cached_tokens": 1_040,
}

# name → call, what was done, what is counted of it, what it costs
CASES: dict[str, tuple[Row, str, Row, str | None]] = {
    "a chat is billed by its billed units, not by its tokens": (
        answer("c1", "command-a-03-2025", {"finish_reason": "COMPLETE", "usage": V2_USAGE}),
        "chat",
        {"uncached_input_tokens": 41, "output_tokens": 28},
        "0.0003825",  # 41 × 2.50 + 28 × 10, a million each
    ),
    "so is one of the first version": (
        {
            "timestamp": AT,
            "model": "command-r-08-2024",
            "response": {
                "response_id": "r1",
                "generation_id": "c2",
                "text": "x",
                "meta": {
                    "api_version": {"version": "1"},
                    "billed_units": {"input_tokens": 1000.0, "output_tokens": 500.0},
                    "tokens": {"input_tokens": 1_600, "output_tokens": 500},
                },
            },
        },
        "chat",
        {"uncached_input_tokens": 1_000, "output_tokens": 500},
        "0.00045",  # 1,000 × 0.15 + 500 × 0.60
    ),
    "an embedding": (
        answer("c3", "embed-v4.0", {"response_type": "embeddings_by_type", **meta(input_tokens=2_000, image_tokens=0)}),
        "embeddings",
        {"uncached_input_tokens": 2_000},
        "0.00024",  # 2,000 × 0.12
    ),
    "a rerank is billed by the search, for which the catalogue has no price": (
        answer("c4", "rerank-v3.5", {"results": [], **meta(search_units=2)}),
        "rerank",
        {"rerank_search_count": 2},
        None,
    ),
    "the host and the path say it where the answer names no model": (
        {
            "timestamp": AT,
            "host": "api.cohere.com",
            "path": "/v2/rerank",
            "response": {"id": "c5", **meta(search_units=1)},
        },
        "rerank",
        {"rerank_search_count": 1},
        None,
    ),
}


def event(kind: str, name: str | None, **more: Any) -> Row:
    named = {"id": name} if name else {}
    return {"timestamp": AT, "model": "command-a-03-2025", "response": {"type": kind, **named, **more}}


STREAMS = [
    event("message-start", "s1", delta={"message": {"role": "assistant"}}),
    event("message-end", "s1", delta={"finish_reason": "COMPLETE", "usage": V2_USAGE}),
    event("message-start", "s2", delta={"message": {"role": "assistant"}}),
    event("stream-start", None, generation_id="s3"),
    event(
        "stream-end",
        None,
        finish_reason="COMPLETE",
        response={"generation_id": "s3", **meta(input_tokens=41, output_tokens=28)},
    ),
]

STREAMED: dict[str, tuple[str, Row, str | None, str]] = {
    "s1": ("ok", {"uncached_input_tokens": 41, "output_tokens": 28}, "0.0003825", "priced"),
    "s2": ("aborted", {}, None, "usage_missing"),
    "s3": ("ok", {"uncached_input_tokens": 41, "output_tokens": 28}, "0.0003825", "priced"),
}

REFUSED = {"timestamp": AT, "host": "api.cohere.com", "request_id": "e1", "status": 429, "model": "command-a-03-2025"}
CLASSIFIED = answer("k1", "embed-english-v3.0", {"classifications": [], **meta(classifications=3)})


def key(call: Row) -> str:
    return str(call["response"].get("generation_id") or call["response"]["id"])


def staged(home: Warehouse) -> dict[str, Row]:
    columns = [name for name, *_ in home.rows("describe intermediate.int_requests_deduplicated")]
    rows = home.rows("select * from intermediate.int_requests_deduplicated where source_id = 'cohere'")
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return {row["request_id"]: row for row in named}


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    records = [*(call for call, *_ in CASES.values()), *STREAMS, REFUSED, CLASSIFIED]
    path = tmp_path_factory.mktemp("cohere") / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, records)) + "\n")
    home = warehouse("cohere", select=MODELS)
    home.load((path, None))
    return home


@pytest.fixture(scope="module")
def calls(built: Warehouse) -> dict[str, Row]:
    return staged(built)


def quantities(row: Row) -> Row:
    """What is counted of a call, without zeros."""
    return {name: value for name, value in row.items() if name.endswith(("_tokens", "_count")) and value}


def rated(home: Warehouse, name: str) -> tuple[Decimal | None, str]:
    (row,) = home.rows(f"select cost_usd, price_status from fct_requests where request_id = '{name}'")
    return row[0], row[1]


def test_every_call_is_there_once(calls: dict[str, Row]) -> None:
    assert set(calls) == {key(call) for call, *_ in CASES.values()} | set(STREAMED) | {"e1", "k1"}


@pytest.mark.parametrize("case", CASES)
def test_a_call_is_counted_and_costs_what_was_computed_by_hand(
    built: Warehouse, calls: dict[str, Row], case: str
) -> None:
    call, operation, counted, cost = CASES[case]
    row = calls[key(call)]
    # ids as short as these are no identity beyond their own log
    assert (row["operation"], row["response_id"], quantities(row)) == (operation, None, counted)
    assert rated(built, key(call)) == ((Decimal(cost), "priced") if cost else (None, "unknown_model"))


@pytest.mark.parametrize("name", STREAMED)
def test_the_events_of_a_stream_are_one_call(built: Warehouse, calls: dict[str, Row], name: str) -> None:
    status, counted, cost, price_status = STREAMED[name]
    assert (calls[name]["status"], quantities(calls[name])) == (status, counted)
    assert rated(built, name) == (Decimal(cost) if cost else None, price_status)


def test_a_refusal_is_not_billed(built: Warehouse, calls: dict[str, Row]) -> None:
    assert (calls["e1"]["status"], calls["e1"]["response_id"]) == ("error", None)
    assert rated(built, "e1") == (None, "not_billed")


def test_classifications_are_named_and_not_free(built: Warehouse, calls: dict[str, Row]) -> None:
    assert calls["k1"]["unknown_usage"] == "classifications=3"
    assert rated(built, "k1")[0] is None


def test_recorded_usage_means_what_the_price_library_says(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, shared_data: Path
) -> None:
    known = [
        (one["body"], reading["usage"])
        for one in json.loads((shared_data / "usage_bodies" / "usages_half.json").read_text())
        if "billed_units" in str(one["body"])
        for reading in one["extracted"]
        if {"default", "embeddings"} & {reader["api_flavor"] for reader in reading["extractors"]}
    ]
    assert len(known) == 7
    path = tmp_path / "log.jsonl"
    lines = [{"timestamp": AT, "request_id": str(number), "response": body} for number, (body, _) in enumerate(known)]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    home = warehouse("recorded-cohere", select=MODELS)
    home.load((path, None))
    ours = staged(home)
    for number, (_, expected) in enumerate(known):
        row = ours[str(number)]
        found = {"input_tokens": row["uncached_input_tokens"], "output_tokens": row["output_tokens"]}
        assert {name: value for name, value in found.items() if value} == expected


def test_documents_are_counted_as_given_as_reranked_and_as_cited(
    warehouse: Callable[..., Warehouse], tmp_path: Path
) -> None:
    documents = [{"id": f"doc:{number}", "data": {"text": "CANARY"}} for number in range(4)]
    cited = [{"sources": [{"type": "document", "id": "doc:1"}]}, {"sources": [{"id": "doc:1"}, {"id": "doc:3"}]}]
    asked = {"model": "command-a-03-2025", "documents": documents}
    first = {"citations": [{"document_ids": ["doc_1"]}, {"document_ids": ["doc_0", "doc_1"]}], **meta(input_tokens=1)}
    given = [
        answer("cites", None, {"message": {"citations": cited}, "usage": V2_USAGE}, request=asked),
        answer("cites as in v1", None, first, request={**asked, "model": "command-r-08-2024"}),
        answer("says nothing of it", None, {"message": {}, "usage": V2_USAGE}, request=asked),
        answer("reranks", "rerank-v3.5", {"results": [{"index": 3}, {"index": 0}], **meta(search_units=1)}),
        answer(
            "was told", "command-a-03-2025", {"usage": V2_USAGE}, metadata={"retrieved_chunks": 9, "used_chunks": 2}
        ),
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(map(json.dumps, given)) + "\n")
    home = warehouse("cohere-documents", select=MODELS)
    home.load((path, None))
    rows = home.rows("select request_id, retrieved_chunk_count, used_chunk_count from fct_requests")
    assert {name: counts for name, *counts in rows} == {
        "cites": [4, 2], "cites as in v1": [4, 2], "says nothing of it": [4, None],
        "reranks": [2, None], "was told": [9, 2],
    }  # fmt: skip
