"""Results of Anthropic's message batches: half the price for what succeeded, nothing for what did not."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.files import inspect
from ingest.inputs import ingest_files
from ingest.landing import land
from ingest.ledger import Ledger
from ingest.sources import discover
from tests.models.conftest import CALL_MODELS, Warehouse

RESULTS = Path(__file__).parent.parent / "ingest" / "sources" / "anthropic" / "batch_results.jsonl"


@pytest.fixture(scope="module")
def calls(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The calls of the sample in its order, loaded as it is and from a file that holds it twice."""
    home = warehouse("batches", select=CALL_MODELS)
    twice = tmp_path_factory.mktemp("batches") / "twice.jsonl"
    twice.write_text(RESULTS.read_text() * 2)
    home.load((RESULTS, None), (twice, None))
    columns = [name for name, *_ in home.rows("describe fct_requests")]
    rows = home.rows("select * from fct_requests order by record_number")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_every_result_is_one_call_however_often_it_is_loaded(calls: list[dict[str, Any]]) -> None:
    assert [call["request_id"] for call in calls[:3]] == ["msg_b1", "msg_b2", "req_b3"]
    assert len(calls) == 5


def test_a_batch_call_costs_half_of_each_kind(calls: list[dict[str, Any]]) -> None:
    call = calls[0]
    assert (call["uncached_input_tokens"], call["cache_read_tokens"], call["output_tokens"]) == (1_000, 50_000, 1_200)
    assert (call["cache_write_tokens"], call["cache_write_1h_tokens"]) == (8_000, 3_000)
    # (1,000 × 3 + 50,000 × 0.30 + 5,000 × 3.75 + 3,000 × 6 + 1,200 × 15) ÷ 2, a million each
    assert call["cost_usd"] == Decimal("0.036375")
    assert (call["customer_id"], call["feature_id"]) == ("northwind", "summary")


def test_a_result_is_a_batch_call_though_its_body_says_standard(calls: list[dict[str, Any]]) -> None:
    assert [(call["is_batch"], call["service_tier"]) for call in calls] == [(True, "batch")] * 5
    # (1,000 × 1 + 200 × 5) ÷ 2, a million each
    assert calls[1]["cost_usd"] == Decimal("0.001")


def test_what_failed_is_counted_and_not_billed(calls: list[dict[str, Any]]) -> None:
    assert [(call["status"], call["error_code"]) for call in calls] == [
        ("ok", None),
        ("ok", None),
        ("error", "invalid_request_error"),
        ("error", "expired"),
        ("aborted", None),
    ]
    assert {(call["price_status"], call["cost_usd"]) for call in calls[2:]} == {("not_billed", None)}


def test_the_results_are_recognised_as_anthropics_and_nobody_elses() -> None:
    sample = inspect(RESULTS).sample
    assert [source.name for source in discover().values() for table in source.tables if table.recognises(sample)] == [
        "anthropic"
    ]


def test_a_result_without_a_time_is_rejected_with_the_way_to_give_it_one(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    timeless = [{name: value for name, value in json.loads(line).items() if name not in {"ended_at", "timestamp"}}
                for line in RESULTS.read_text().splitlines()]  # fmt: skip
    path = tmp_path / "results.jsonl"
    path.write_text("\n".join(map(json.dumps, timeless)) + "\n")
    source = discover()["anthropic"]
    landed = land(con, inspect(path), source, source.tables[0], home=tmp_path / "home")
    assert (landed.landed_count, landed.rejected_count) == (0, 5)
    assert {(reject.column, reject.rule) for reject in landed.rejects} == {("requested_at", "is missing")}
    assert "`ended_at`" in landed.rejects[0].fix


def test_answers_and_errors_of_a_batch_are_found_nowhere_in_the_warehouse(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert "CANARY" in RESULTS.read_text()
    home = tmp_path / "home"
    home.mkdir()
    with Ledger(home) as ledger:
        ingest_files(con, ledger, [RESULTS], home=home, sources=discover())
    rows = duckdb.sql(f"select * from read_parquet('{home}/landing/**/*.parquet')").fetchall()
    assert len(rows) == 5
    assert "CANARY" not in str(rows)
