"""A stream that is logged chunk by chunk, or event by event, is one call with its final usage."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Warehouse

AT = "2026-11-01T12:00:00Z"
Line = dict[str, Any]


def at(*lines: Line, **more: Any) -> list[Line]:
    """Lines as an application writes them: a time beside each."""
    return [{"timestamp": AT, **more, **line} for line in lines]


# ------------------------------------------------------------------------------------------------------------- OpenAI


def chunk(name: str, usage: Line | None = None) -> Line:
    return {"id": name, "object": "chat.completion.chunk", "created": 1793534400, "model": "gpt-5.4", "usage": usage}


def event(kind: str, name: str, status: str, usage: Line | None = None, **more: Any) -> Line:
    response = {"id": name, "object": "response", "model": "gpt-5.4", "status": status, "usage": usage, **more}
    return {"type": f"response.{kind}", "sequence_number": 0, "response": response}


TEXT = {"type": "response.output_text.delta", "item_id": "msg_of_openai", "delta": "…"}
USED = {"input_tokens": 1_000, "output_tokens": 100}
FAILED = {"code": "server_error", "message": "…"}

OPENAI = [
    *(chunk("c_bare", usage) for usage in (None, None, {"prompt_tokens": 1_000, "completion_tokens": 100})),
    *at(
        *({"chunk": chunk("c_wrapped", usage)} for usage in (None, {"prompt_tokens": 1_000, "completion_tokens": 100}))
    ),
    *at(chunk("c_cut"), chunk("c_cut"), customer="northwind"),
    *at(event("created", "r_done", "in_progress"), TEXT, event("completed", "r_done", "completed", USED)),
    *at(event("created", "r_long", "in_progress"), TEXT, event("incomplete", "r_long", "incomplete", USED)),
    *at(event("created", "r_failed", "in_progress"), event("failed", "r_failed", "failed", error=FAILED)),
    *at(event("created", "r_cut", "in_progress"), event("in_progress", "r_cut", "in_progress"), TEXT),
    *at(*({"event": one} for one in (event("created", "r_event", "in_progress"), TEXT))),
    *at({"event": event("completed", "r_event", "completed", USED)}),
    *at({"data": TEXT}, {"data": event("completed", "r_data", "completed", USED)}, request_id="app-1"),
    # a list of chunks in one record cannot be looked into
    *at({"request_id": "c_list", "path": "/v1/chat/completions", "response": [chunk("c_in_list"), chunk("c_in_list")]}),
]

# ---------------------------------------------------------------------------------------------------------- Anthropic


def start(name: str, usage: Line, model: str = "claude-sonnet-5") -> Line:
    return {"type": "message_start", "message": {"id": name, "type": "message", "model": model, "usage": usage}}


def delta(**usage: Any) -> Line:
    return {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage}


SILENT: list[Line] = [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "…"}},
    {"type": "message_stop"},
]
GIVEN = {
    "input_tokens": 1_000,
    "cache_read_input_tokens": 50_000,
    "cache_creation_input_tokens": 8_000,
    "cache_creation": {"ephemeral_5m_input_tokens": 5_000, "ephemeral_1h_input_tokens": 3_000},
    "output_tokens": 1,
    "service_tier": "standard",
    "inference_geo": "us",
}
HAIKU = "claude-haiku-4-5"

ANTHROPIC = [
    # one after the other, and who is served is said once
    *at(start("msg_first", GIVEN), customer="northwind"),
    *at(*SILENT, delta(output_tokens=1_200)),
    *at(start("msg_second", {"input_tokens": 10, "output_tokens": 3}, HAIKU), delta(output_tokens=20)),
    *at(start("msg_cut", {"input_tokens": 500, "output_tokens": 1}), *SILENT[:2]),
    # the newer API repeats all counts, which grow with the tools of the server
    *at({"event": start("msg_tools", {"input_tokens": 100, "output_tokens": 1})}),
    *at({"event": delta(input_tokens=300, output_tokens=40, server_tool_use={"web_search_requests": 2})}),
    *at({"event": "message_start", "data": start("msg_sse", {"input_tokens": 10, "output_tokens": 1}, HAIKU)}),
    *at({"event": "ping", "data": SILENT[1]}, {"event": "message_delta", "data": delta(output_tokens=20)}),
    # three at once, told apart by the application's ids
    *at(start("msg_a", {"input_tokens": 10, "output_tokens": 1}, HAIKU), request_id="app-a"),
    *at(start("msg_b", {"input_tokens": 30, "output_tokens": 1}, HAIKU), request_id="app-b"),
    *at(start("msg_c", {"input_tokens": 50, "output_tokens": 1}, HAIKU), message_id="msg_c"),
    *at(delta(output_tokens=20), request_id="app-a"),
    *at(delta(output_tokens=60), message_id="msg_c"),
    *at(delta(output_tokens=40), request_id="app-b"),
    # a retry under the same id of the application
    *at(start("msg_b2", {"input_tokens": 30, "output_tokens": 1}, HAIKU), delta(output_tokens=7), request_id="app-b"),
    # an id beside an event may be the event's own
    *at({"id": "line-1", **start("msg_id", {"input_tokens": 10, "output_tokens": 1}, HAIKU)}),
    *at({"id": "line-2", **delta(output_tokens=20)}),
]
ORPHAN = at(delta(output_tokens=5))

# id → input (uncached), output, status, cost (None: unknown).
# gpt-5.4: 2.50 / 15; Sonnet 5 in the US: 1.1 × (2 / 10, reads 0.20, writes 2.50 and 4); Haiku 4.5: 1 / 5.
EXPECTED: dict[str, tuple[int, int, str, str | None]] = {
    "c_bare": (1_000, 100, "ok", "0.004"),
    "c_wrapped": (1_000, 100, "ok", "0.004"),
    "c_cut": (0, 0, "aborted", None),
    "r_done": (1_000, 100, "ok", "0.004"),
    "r_long": (1_000, 100, "ok", "0.004"),
    "r_failed": (0, 0, "error", None),
    "r_cut": (0, 0, "aborted", None),
    "r_event": (1_000, 100, "ok", "0.004"),
    "r_data": (1_000, 100, "ok", "0.004"),
    "c_list": (0, 0, "ok", None),
    # 1.1 × (1,000 × 2 + 50,000 × 0.20 + 5,000 × 2.50 + 3,000 × 4 + 1,200 × 10)
    "msg_first": (1_000, 1_200, "ok", "0.05335"),
    "msg_second": (10, 20, "ok", "0.00011"),
    "msg_cut": (500, 0, "aborted", None),
    # 300 × 2 + 40 × 10, and two searches at 10 a thousand
    "msg_tools": (300, 40, "ok", "0.021"),
    "msg_sse": (10, 20, "ok", "0.00011"),
    "msg_a": (10, 20, "ok", "0.00011"),
    "msg_b": (30, 40, "ok", "0.00023"),
    "msg_b2": (30, 7, "ok", "0.000065"),
    "msg_c": (50, 60, "ok", "0.00035"),
    "msg_id": (10, 20, "ok", "0.00011"),
}


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Both logs, recognised by what is in them; and a file that begins in the middle of a stream."""
    folder = tmp_path_factory.mktemp("streams")
    for name, lines in {"openai": OPENAI, "anthropic": ANTHROPIC, "torn": ORPHAN}.items():
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    home = warehouse("streams", select=CALL_MODELS)
    home.load(*((folder / f"{name}.jsonl", None) for name in ("openai", "anthropic", "torn")))
    return home


@pytest.fixture(scope="module")
def calls(built: Warehouse) -> dict[str, tuple[Any, ...]]:
    rows = built.rows(
        "select request_id, uncached_input_tokens, output_tokens, status, cost_usd, price_status, customer_id, "
        "model_id from fct_requests"
    )
    assert len(rows) == len({row[0] for row in rows})
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_stream_is_one_call_with_its_final_usage(calls: dict[str, tuple[Any, ...]], name: str) -> None:
    given, made, status, cost = EXPECTED[name]
    assert calls[name][:4] == (given, made, status, None if cost is None else Decimal(cost))
    assert (calls[name][4] == "priced") == (cost is not None)


def test_no_event_is_a_call_of_its_own(calls: dict[str, tuple[Any, ...]]) -> None:
    """But for the delta of a stream whose start is in another file: its model is unknown, and so is its cost."""
    (orphan,) = calls.keys() - EXPECTED.keys()
    assert calls[orphan][1:5] == (5, "ok", None, "unknown_model")


def test_what_is_said_of_a_stream_once_holds_for_the_whole(calls: dict[str, tuple[Any, ...]]) -> None:
    assert [calls[name][5] for name in ("msg_first", "msg_second", "c_cut")] == [
        "northwind", "(unattributed)", "northwind",
    ]  # fmt: skip
    assert [calls[name][6] for name in ("msg_first", "msg_second")] == ["claude-sonnet-5", HAIKU]


def test_a_stream_that_is_loaded_again_from_another_file_counts_once(
    built: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("again") / "again.jsonl"
    path.write_text("\n".join(map(json.dumps, [*at({"level": "info"}), *ANTHROPIC])) + "\n")
    built.load((path, None))
    assert built.rows("select count(*), sum(cost_usd) from fct_requests") == [
        (len(EXPECTED) + 1, sum(Decimal(cost) for *_, cost in EXPECTED.values() if cost))
    ]
