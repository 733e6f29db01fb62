"""Codex session logs: what each call used, by the model of its turn, however often the log tells it."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Warehouse

Line = dict[str, Any]
Usage = tuple[int, int, int, int]
"""Input, cached, output, reasoning."""

NAMES = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")


def said(kind: str, payload: Line, at: str = "13:46:50") -> Line:
    return {"timestamp": f"2026-10-07T{at}.000Z", "type": kind, "payload": payload}


def session(name: str, **more: Any) -> Line:
    meta = {"id": name, "cwd": "/home/somebody/checkout", "model_provider": "openai", **more}
    return said("session_meta", {name: value for name, value in meta.items() if value is not None})


def turn(model: str, **more: Any) -> Line:
    return said("turn_context", {"model": model, **more})


def usage(counts: Usage, **more: int) -> dict[str, int]:
    return {**dict(zip(NAMES, counts, strict=True)), "total_tokens": counts[0] + counts[2], **more}


def count(last: dict[str, int] | None, total: dict[str, int] | None, at: str = "13:47:00") -> Line:
    info = {"last_token_usage": last, "total_token_usage": total, "model_context_window": 272_000}
    told = {name: value for name, value in info.items() if value is not None}
    return said("event_msg", {"type": "token_count", "info": told, "rate_limits": {"primary": {"used_percent": 7}}}, at)


FIRST, SECOND, THIRD = (10_000, 6_000, 2_000, 1_500), (12_150, 10_000, 400, 120), (100, 0, 50, 0)
AFTER_SECOND, AFTER_THIRD = (22_150, 16_000, 2_400, 1_620), (22_250, 16_000, 2_450, 1_620)

PARENT = [
    session("parent"),
    turn("gpt-5-codex"),
    said("event_msg", {"type": "token_count", "info": None, "rate_limits": {"primary": {"used_percent": 7}}}),
    count(usage(FIRST), usage(FIRST), "13:47:00"),
    count(usage(FIRST), usage(FIRST), "13:47:01"),  # told again, with new rate limits
    count(usage(SECOND), usage(AFTER_SECOND), "13:47:20"),
    # a compaction: nothing was called, `total_tokens` is what the context is thought to hold
    count(usage((0, 0, 0, 0), total_tokens=4_000), usage(AFTER_SECOND), "13:47:21"),
    turn("gpt-5-mini", cwd="/home/somebody/ledger"),
    count(usage(THIRD), usage(AFTER_THIRD), "13:47:30"),
]
FORK = [  # the parent's lines as of the fork, all at its second; then a call of its own
    session("fork", forked_from_id="parent"),
    *({**line, "timestamp": "2026-10-07T15:00:00.000Z"} for line in PARENT[:6]),
    count(usage((20, 0, 5, 0)), usage((22_170, 16_000, 2_405, 1_620)), "15:00:09"),
]
TOTALS = [  # a log without `last_token_usage`
    session("totals", model_provider=None),
    turn("gpt-5"),
    count(None, usage(FIRST), "16:00:00"),
    count(None, usage(FIRST), "16:00:01"),
    count(None, usage(AFTER_SECOND), "16:00:02"),
    count(None, usage((20, 10, 10, 0)), "16:00:03"),  # began anew
]
ODD = [
    count(usage((7, 0, 1, 0)), usage((7, 0, 1, 0)), "17:00:00"),  # before any header
    session("odd", cwd="D:\\work\\ledger"),
    count(usage((8, 0, 1, 0)), usage((8, 0, 1, 0)), "17:00:01"),  # before any turn
    turn("gpt-5"),
    count(usage((10, 25, 1, 0)), usage((18, 25, 2, 0)), "17:00:02"),  # more cached than there was
    count(
        usage((1_000, 200, 10, 0), cache_write_input_tokens=300),
        usage((1_018, 225, 12, 0), cache_write_input_tokens=300),
        "17:00:03",
    ),
]


def written(path: Path, lines: list[Line]) -> tuple[Path, None]:
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    return path, None


@pytest.fixture(scope="module")
def calls(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every call in the order of their times, after two loads: a session as it was, then all of them."""
    folder = tmp_path_factory.mktemp("sessions")
    home = warehouse("codex", select=CALL_MODELS)
    home.load(written(folder / "parent.jsonl", PARENT[:5]))
    home.load(
        written(folder / "parent.jsonl", PARENT),
        written(folder / "archived.jsonl", PARENT[:-1]),
        written(folder / "fork.jsonl", FORK),
        written(folder / "totals.jsonl", TOTALS),
        written(folder / "odd.jsonl", ODD),
    )
    columns = [name for name, *_ in home.rows("describe fct_requests")]
    rows = home.rows("select * from fct_requests order by requested_at")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def leaves(call: dict[str, Any]) -> Usage:
    names = ("uncached_input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens")
    return tuple(call[name] for name in names)  # type: ignore[return-value]


def at(calls: list[dict[str, Any]], time: str) -> dict[str, Any]:
    (call,) = (call for call in calls if f"{call['requested_at']:%H:%M:%S}" == time)
    return call


def test_every_call_counts_once_however_often_it_is_told(calls: list[dict[str, Any]]) -> None:
    assert [f"{call['requested_at']:%H:%M:%S}" for call in calls] == [
        "13:47:00", "13:47:20", "13:47:30",
        "15:00:09",
        "16:00:00", "16:00:02", "16:00:03",
        "17:00:00", "17:00:01", "17:00:02", "17:00:03",
    ]  # fmt: skip


def test_cached_tokens_are_inside_the_input_and_reasoning_inside_the_output(calls: list[dict[str, Any]]) -> None:
    call = at(calls, "13:47:00")
    assert leaves(call) == (4_000, 6_000, 2_000, 1_500)
    # 4,000 × 1.25 + 6,000 × 0.125 + 2,000 × 10, a million each
    assert call["cost_usd"] == Decimal("0.02575")


def test_a_call_costs_its_last_usage_and_not_the_sum_of_the_session(calls: list[dict[str, Any]]) -> None:
    call = at(calls, "13:47:20")
    assert leaves(call) == (2_150, 10_000, 400, 120)
    # 2,150 × 1.25 + 10,000 × 0.125 + 400 × 10, a million each
    assert call["cost_usd"] == Decimal("0.0079375")
    assert sum(call["uncached_input_tokens"] + call["cache_read_tokens"] for call in calls[:3]) == AFTER_THIRD[0]


def test_the_model_is_the_one_of_the_turn_above(calls: list[dict[str, Any]]) -> None:
    assert [call["model_id"] for call in calls[:3]] == ["gpt-5-codex", "gpt-5-codex", "gpt-5-mini"]
    # 100 × 0.25 + 50 × 2, a million each
    assert at(calls, "13:47:30")["cost_usd"] == Decimal("0.000125")


def test_a_fork_pays_only_for_what_it_adds_to_its_parents_conversation(calls: list[dict[str, Any]]) -> None:
    call = at(calls, "15:00:09")
    assert leaves(call) == (20, 0, 5, 0)
    assert call["conversation_id"] == "parent"


def test_totals_alone_are_told_apart_by_what_was_added(calls: list[dict[str, Any]]) -> None:
    assert leaves(at(calls, "16:00:00")) == (4_000, 6_000, 2_000, 1_500)
    assert leaves(at(calls, "16:00:02")) == (2_150, 10_000, 400, 120)
    assert leaves(at(calls, "16:00:03")) == (10, 10, 10, 0)


def test_a_log_that_names_no_provider_is_priced_by_the_model(calls: list[dict[str, Any]]) -> None:
    call = at(calls, "16:00:00")
    assert (call["provider_id"], call["cost_usd"]) == ("(unknown)", Decimal("0.02575"))


def test_a_call_before_any_turn_is_counted_and_not_priced_by_a_guess(calls: list[dict[str, Any]]) -> None:
    for time in ("17:00:00", "17:00:01"):
        call = at(calls, time)
        assert (call["model_id"], call["cost_usd"], call["price_status"]) == ("(unknown)", None, "unknown_model")
    assert at(calls, "17:00:00")["conversation_id"] == "(unattributed)"


def test_more_cached_than_there_was_makes_no_negative_leaf(calls: list[dict[str, Any]]) -> None:
    assert leaves(at(calls, "17:00:02")) == (0, 10, 1, 0)


def test_cache_writes_are_inside_the_input(calls: list[dict[str, Any]]) -> None:
    call = at(calls, "17:00:03")
    assert leaves(call) == (500, 200, 10, 0)
    assert call["cache_write_tokens"] == 300


def test_the_folder_is_the_feature_and_the_path_to_it_stays_out(calls: list[dict[str, Any]]) -> None:
    assert [call["feature_id"] for call in calls[:3]] == ["checkout", "checkout", "ledger"]
    assert at(calls, "17:00:01")["feature_id"] == "ledger"
    assert "somebody" not in str(calls)
