"""Claude Code's session logs: one call is many lines of many files, and costs once."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Warehouse

MODEL = "claude-sonnet-4-5-20250929"
CACHED = {
    "input_tokens": 1_000,
    "cache_read_input_tokens": 50_000,
    "cache_creation_input_tokens": 8_000,
    "cache_creation": {"ephemeral_5m_input_tokens": 5_000, "ephemeral_1h_input_tokens": 3_000},
}


def line(message: str | None, request: str | None, usage: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """A line of one answer."""
    body = {"id": message, "type": "message", "role": "assistant", "model": more.pop("model", MODEL), "usage": usage}
    return {
        "type": "assistant",
        "uuid": f"{message}-{request}-{len(str(usage))}",
        "sessionId": "main",
        "requestId": request,
        "timestamp": "2026-10-07T13:46:57.000Z",
        "cwd": "/home/somebody/checkout",
        "isSidechain": False,
        "message": body,
        **more,
    }


SESSION = [
    # one answer, three content blocks: the output grows
    line("msg_grown", "req_1", {**CACHED, "output_tokens": 1}),
    line("msg_grown", "req_1", {**CACHED, "output_tokens": 1_200}, timestamp="2026-10-07T13:46:59.000Z"),
    line("msg_grown", "req_1", {**CACHED, "output_tokens": 400}, timestamp="2026-10-07T13:46:58.000Z"),
    line("msg_total", "req_2", {"input_tokens": 10, "cache_creation_input_tokens": 1_000, "output_tokens": 20}),
    line("msg_silent", "req_3", None),
    line(
        "msg_search", "req_4", {"input_tokens": 100, "output_tokens": 10, "server_tool_use": {"web_search_requests": 2}}
    ),
    line(
        "msg_old",
        None,
        {"input_tokens": 3, "output_tokens": 191},
        costUSD=0.002874,
        cwd="C:\\Users\\somebody\\ledger\\",
    ),
    line(None, "req_5", {"input_tokens": 5, "output_tokens": 5}, cwd=None),
    line("msg_geo", "req_6", {"input_tokens": 1, "output_tokens": 1, "inference_geo": "not_available"}),
    line(
        "msg_compacted",
        "req_10",
        {
            "input_tokens": 1_000,
            "output_tokens": 100,
            "iterations": [
                {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3_500},
                {"type": "message", "input_tokens": 1_000, "output_tokens": 100, "model": "claude-sonnet-5"},
            ],
        },
        model="claude-sonnet-5",
    ),
    line("msg_midnight", "req_8", {"input_tokens": 7, "output_tokens": 1}, timestamp="2026-10-07T23:59:59.900Z"),
    line("msg_midnight", "req_8", {"input_tokens": 7, "output_tokens": 90}, timestamp="2026-10-08T00:00:01.000Z"),
    line("9c1f", None, {"input_tokens": 0, "output_tokens": 0}, model="<synthetic>"),
    line("77aa", "req_7", {"input_tokens": 0, "output_tokens": 0}, isApiErrorMessage=True),
    {
        "type": "user",
        "uuid": "u",
        "sessionId": "main",
        "timestamp": "2026-10-07T13:46:50Z",
        "message": {"role": "user"},
    },
    {"type": "summary", "summary": "…", "leafUuid": "u"},
]
FORK = [  # copies of the session's lines, then its own
    {**SESSION[0], "sessionId": "fork", "forkedFrom": {"sessionId": "main", "messageUuid": "a"}},
    {**SESSION[1], "sessionId": "fork", "forkedFrom": {"sessionId": "main", "messageUuid": "b"}},
    line("msg_new", "req_9", {"input_tokens": 1, "output_tokens": 1}, sessionId="fork"),
]
SIDECHAIN = [  # a side question replays its parent under a request id of its own, then asks
    line("msg_total", "req_replay", SESSION[3]["message"]["usage"], isSidechain=True, timestamp="2026-10-07T14:00:00Z"),
    line("msg_side", "req_side", {"input_tokens": 2, "output_tokens": 2}, isSidechain=True),
]


def written(path: Path, lines: list[dict[str, Any]]) -> tuple[Path, None]:
    path.write_text("\n".join(json.dumps(one) for one in lines) + "\n")
    return path, None


@pytest.fixture(scope="module")
def calls(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Every call by its id, after two loads: the session, then what copies it."""
    folder = tmp_path_factory.mktemp("projects")
    home = warehouse("claude_code", select=CALL_MODELS)
    home.load(written(folder / "session.jsonl", SESSION))
    home.load(written(folder / "fork.jsonl", FORK), written(folder / "agent-1.jsonl", SIDECHAIN))
    columns = [name for name, *_ in home.rows("describe fct_requests")]
    rows = [dict(zip(columns, row, strict=True)) for row in home.rows("select * from fct_requests")]
    assert len(rows) == len({row["request_id"] for row in rows})
    return {row["request_id"]: row for row in rows}


def test_every_message_is_one_call_however_many_lines_and_files_hold_it(calls: dict[str, dict[str, Any]]) -> None:
    assert set(calls) == {
        "msg_grown", "msg_total", "msg_silent", "msg_search", "msg_old", "req_5", "msg_geo", "msg_midnight", "msg_new",
        "msg_compacted",
        "msg_side",
    }  # fmt: skip


def test_the_line_with_the_most_tokens_is_the_finished_answer(calls: dict[str, dict[str, Any]]) -> None:
    call = calls["msg_grown"]
    assert call["output_tokens"] == 1_200
    assert (call["uncached_input_tokens"], call["cache_read_tokens"]) == (1_000, 50_000)
    assert (call["cache_write_tokens"], call["cache_write_1h_tokens"]) == (8_000, 3_000)
    # 1,000 × 3 + 50,000 × 0.30 + 5,000 × 3.75 + 3,000 × 6 + 1,200 × 15, a million each
    assert call["cost_usd"] == Decimal("0.07275")


def test_the_calls_that_a_fork_copied_stay_with_the_session_that_made_them(
    calls: dict[str, dict[str, Any]],
) -> None:
    assert (calls["msg_grown"]["conversation_id"], calls["msg_new"]["conversation_id"]) == ("main", "fork")


def test_a_sidechain_replays_its_parents_messages_for_free_and_pays_for_its_own(
    calls: dict[str, dict[str, Any]],
) -> None:
    assert calls["msg_total"]["requested_at"].hour == 13
    # 2 × 3 + 2 × 15, a million each
    assert calls["msg_side"]["cost_usd"] == Decimal("0.000036")


def test_an_answer_across_midnight_is_one_call(calls: dict[str, dict[str, Any]]) -> None:
    assert calls["msg_midnight"]["output_tokens"] == 90
    assert str(calls["msg_midnight"]["usage_date"]) == "2026-10-08"


def test_writes_without_a_split_are_taken_for_the_short_lifetime(calls: dict[str, dict[str, Any]]) -> None:
    # 10 × 3 + 1,000 × 3.75 + 20 × 15, a million each
    assert calls["msg_total"]["cost_usd"] == Decimal("0.00408")
    assert calls["msg_total"]["cache_write_1h_tokens"] == 0


def test_a_compaction_is_counted_among_the_iterations_only(calls: dict[str, dict[str, Any]]) -> None:
    # 181,000 × 2 + 3,600 × 10, a million each
    assert calls["msg_compacted"]["cost_usd"] == Decimal("0.398")


def test_searches_of_the_server_are_billed_beside_the_tokens(calls: dict[str, dict[str, Any]]) -> None:
    # 100 × 3 + 10 × 15, a million each, and two searches at 10 a thousand
    assert calls["msg_search"]["cost_usd"] == Decimal("0.02045")


def test_a_call_without_usage_is_counted_and_not_taken_for_free(calls: dict[str, dict[str, Any]]) -> None:
    assert calls["msg_silent"]["cost_usd"] is None
    assert calls["msg_silent"]["price_status"] == "usage_missing"


def test_the_folder_is_the_feature_and_the_path_to_it_stays_out(calls: dict[str, dict[str, Any]]) -> None:
    assert calls["msg_grown"]["feature_id"] == "checkout"
    assert calls["msg_old"]["feature_id"] == "ledger"
    assert calls["req_5"]["feature_id"] == "(unattributed)"
    assert "somebody" not in str(calls)


def test_old_logs_reported_a_cost(calls: dict[str, dict[str, Any]]) -> None:
    # 3 × 3 + 191 × 15, a million each, is what Claude Code said as well
    assert calls["msg_old"]["cost_usd"] == calls["msg_old"]["reported_cost_usd"] == Decimal("0.002874")


def test_a_place_that_is_not_available_is_no_region(calls: dict[str, dict[str, Any]]) -> None:
    assert calls["msg_geo"]["region_id"] is None
    # 1 × 3 + 1 × 15, a million each
    assert calls["msg_geo"]["cost_usd"] == Decimal("0.000018")
